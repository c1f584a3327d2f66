// The slider: another page of the portal over this one.

const byId = (id) => document.getElementById(id)

let onSliderClosed = () => {}

/** Whose messages come from the page in it. */
export function sliderWindow() {
  return byId('slider-frame').contentWindow
}

export function showSlider(target, { title, width, onClose }) {
  onSliderClosed = onClose
  if (typeof title === 'string') byId('slider-title').textContent = title
  byId('slider').style.width = Number(width) > 0 ? `${Number(width)}px` : ''
  byId('slider-frame').src = target.href
  byId('slider').showModal()
}

export function closeSlider() {
  byId('slider').close()
}

byId('slider-close').addEventListener('click', closeSlider)
byId('slider').addEventListener('close', () => {
  byId('slider-frame').src = 'about:blank'
  const closed = onSliderClosed
  onSliderClosed = () => {}
  closed()
})
