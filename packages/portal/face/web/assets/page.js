// Keeps the last deliveries up to date. The rows are the portal's own HTML, escaped there.

const EVERY_MS = 1_000

const list = document.getElementById('deliveries')
let shown = ''

async function refresh() {
  const response = await fetch('/face/deliveries', { headers: { accept: 'text/html' }, cache: 'no-store' })
  if (!response.ok) throw new Error(String(response.status))
  const rows = await response.text()
  list.removeAttribute('aria-label')
  if (rows === shown) return
  const opened = new Set([...list.querySelectorAll('details[open]')].map((part) => part.dataset.id))
  const focused = document.activeElement?.closest?.('details')?.dataset.id
  list.innerHTML = rows
  for (const part of list.querySelectorAll('details')) {
    if (opened.has(part.dataset.id)) part.open = true
    if (part.dataset.id === focused) part.querySelector('summary').focus({ preventScroll: true })
  }
  shown = rows
}

async function keepFresh() {
  for (;;) {
    if (!document.hidden) await refresh().then(() => lost(false), () => lost(true))
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS))
  }
}

function lost(isLost) {
  list.closest('section').querySelector('[role=alert]')?.remove()
  if (!isLost) return
  const alert = document.createElement('p')
  alert.setAttribute('role', 'alert')
  alert.textContent = list.dataset.lost
  list.closest('table').before(alert)
}

if (list !== null) void keepFresh()
