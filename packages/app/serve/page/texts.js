// The page's words in both languages, and which of the two is spoken.

const TEXTS = {
  en: {
    skip: 'Skip to the events', installations: 'Installations', events: 'Latest events', time: 'Time', event: 'Event',
    portal: 'Portal', state: 'State', attempts: 'Attempts', older: 'Older events', moreInstallations: 'More installations', replay: 'Replay', retry: 'Retry now', close: 'Close',
    language: 'Language', connecting: 'Connecting', live: 'Live', lost: 'Connection lost, trying again',
    noInstallations: 'No portal has installed an app yet.', noEvents: 'Nothing has arrived yet.',
    pending: 'pending', held: 'held', done: 'done', dead: 'dead',
    new: 'being installed', active: 'active', blocked: 'blocked', deleted: 'uninstalled',
    app: 'App', version: 'Version', bindings: 'Bound events', connectors: 'Connectors', line: 'line', on: 'on', off: 'off',
    account: 'User', tokensLive: 'tokens live', tokensDead: 'tokens dead', none: 'none', installed: 'Installed',
    reason: 'Reason', cause: 'Cause', todo: 'What to do', error: 'Error',
    received: 'Received', raised: 'Raised by Bitrix24', proof: 'Proven by', handler: 'Handler row', id: 'ID',
    data: 'Data', noData: 'No data came with it.', history: 'What happened', attempt: 'Attempt', failed: 'failed',
    replayed: 'Replayed', duplicate: 'Repeats', duplicateOf: 'Repeats',
    proven: 'Proven', calls: 'Calls to the portal', notes: 'Notes', noAttempts: 'No handler has run yet.',
    dueAt: 'Next attempt', waitsFor: 'Waits for', waitsForPortal: 'its portal, which is blocked',
    gone: 'This event is no longer kept.', tokenRefused: 'That token was not accepted.',
    tokenHeading: 'This page needs a token', tokenLabel: 'Operator token', tokenSend: 'Continue',
    tokenWhy: 'Enter the PORTLINE_OPERATOR_TOKEN of this server. It is kept until this tab is closed.',
  },
  ru: {
    skip: 'К событиям', installations: 'Установки', events: 'Последние события', time: 'Время', event: 'Событие',
    portal: 'Портал', state: 'Состояние', attempts: 'Попытки', older: 'Более ранние', moreInstallations: 'Ещё установки', replay: 'Обработать заново',
    retry: 'Попробовать сейчас', close: 'Закрыть',
    language: 'Язык', connecting: 'Подключение', live: 'На связи', lost: 'Связь потеряна, пробуем снова',
    noInstallations: 'Приложение пока не установлено ни на одном портале.', noEvents: 'Пока ничего не пришло.',
    pending: 'в очереди', held: 'удержано', done: 'обработано', dead: 'не обработано',
    new: 'устанавливается', active: 'активно', blocked: 'заблокировано', deleted: 'удалено',
    app: 'Приложение', version: 'Версия', bindings: 'Подписки', connectors: 'Коннекторы', line: 'линия', on: 'вкл.', off: 'выкл.',
    account: 'Пользователь', tokensLive: 'токены действуют', tokensDead: 'токены недействительны',
    none: 'нет', installed: 'Установлено',
    reason: 'Причина', cause: 'Из-за чего', todo: 'Что делать', error: 'Ошибка',
    received: 'Получено', raised: 'Создано в Битрикс24', proof: 'Чем подтверждено', handler: 'Обработчик №',
    id: 'Номер', data: 'Данные', noData: 'Данных в событии нет.', history: 'Что произошло', attempt: 'Попытка', failed: 'ошибка',
    replayed: 'Отправлено на повторную обработку', duplicate: 'Повтор события', duplicateOf: 'Повтор события',
    proven: 'Подтверждено', calls: 'Обращения к порталу', notes: 'Заметки', noAttempts: 'Обработчик ещё не запускался.',
    dueAt: 'Следующая попытка', waitsFor: 'Ожидает', waitsForPortal: 'разблокировки портала',
    gone: 'Это событие больше не хранится.', tokenRefused: 'Этот токен не подошёл.',
    tokenHeading: 'Нужен токен', tokenLabel: 'Токен оператора', tokenSend: 'Продолжить',
    tokenWhy: 'Введите PORTLINE_OPERATOR_TOKEN этого сервера. Он хранится, пока открыта эта вкладка.',
  },
}

const LANGUAGE_KEY = 'portline.language'

let language = chooseLanguage()

function chooseLanguage() {
  const kept = localStorage.getItem(LANGUAGE_KEY)
  const wanted = kept ?? navigator.language
  return wanted.toLowerCase().startsWith('ru') ? 'ru' : 'en'
}

export function spokenLanguage() {
  return language
}

/** Changes the words that stand in the page itself; what is drawn from data its drawers draw again. */
export function speak(chosen) {
  language = chosen
  document.documentElement.lang = chosen
  for (const part of document.querySelectorAll('[data-text]')) part.textContent = text(part.dataset.text)
  for (const part of document.querySelectorAll('[data-label]')) part.setAttribute('aria-label', text(part.dataset.label))
  for (const button of document.querySelectorAll('[data-language]')) {
    button.setAttribute('aria-pressed', String(button.dataset.language === chosen))
  }
}

export function keepLanguage(chosen) {
  localStorage.setItem(LANGUAGE_KEY, chosen)
}

export function text(key) {
  return TEXTS[language][key] ?? key
}

/** A number of milliseconds with its unit: 12 ms, 12 мс. */
export function milliseconds(ms) {
  return new Intl.NumberFormat(language, { style: 'unit', unit: 'millisecond', unitDisplay: 'short', maximumFractionDigits: 0 }).format(ms)
}

export function timeText(at) {
  const today = at.toDateString() === new Date().toDateString()
  return at.toLocaleString(language, today ? { timeStyle: 'medium' } : { dateStyle: 'short', timeStyle: 'medium' })
}
