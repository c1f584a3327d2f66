// A list to choose from, in a dialog of the page.

const byId = (id) => document.getElementById(id)

/** @returns a promise of what was chosen, of undefined when nothing was */
export function choose(heading, items, several) {
  const dialog = byId('chooser')
  byId('chooser-heading').textContent = heading
  byId('choices').replaceChildren(...items.map(({ id, name }, index) => {
    const label = document.createElement('label')
    const input = document.createElement('input')
    input.type = several ? 'checkbox' : 'radio'
    input.name = 'choice'
    input.value = String(index)
    input.checked = !several && index === 0
    label.append(input, ` ${name} `, Object.assign(document.createElement('code'), { textContent: String(id) }))
    return label
  }))
  dialog.returnValue = ''
  dialog.showModal()
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      const chosen = [...byId('choices').querySelectorAll('input:checked')].map((input) => items[Number(input.value)])
      resolve(dialog.returnValue === 'ok' && chosen.length > 0 ? chosen : undefined)
    }, { once: true })
  })
}
