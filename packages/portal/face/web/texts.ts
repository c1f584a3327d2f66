export type Language = 'en' | 'ru'

const EN = {
  language: 'en',
  title: 'A local Bitrix24',
  applications: 'Applications', placements: 'Placements', lines: 'Open Channels', deliveries: 'Last deliveries',
  skip: 'Skip to the content', you: 'You are', switchUser: 'Switch', administrator: 'administrator', languages: 'Language',
  back: 'All applications', version: 'Version', kind: 'Kind', local: 'local', market: 'from the Market',
  notInstalled: 'not installed', installing: 'installation not finished', installed: 'installed', unpaid: 'payment expired',
  withoutPages: 'without pages',
  install: 'Install', goOn: 'Continue the installation', installAgain: 'Install again', open: 'Open', update: 'Update',
  uninstall: 'Uninstall', newVersion: 'New version', clean: 'Delete the data too (CLEAN)',
  adminOnly: 'Only an administrator installs, updates and removes applications.',
  noApps: 'No application is registered yet.', noPlacements: 'No application has bound a placement.',
  noConnectors: 'No application has registered a connector.', noDeliveries: 'Nothing has been sent yet.',
  connect: 'Connect', settings: 'Settings', switchOff: 'Switch off', on: 'on', off: 'off', notConfigured: 'on, not configured',
  register: 'Register an application', name: 'Name', handlerUrl: 'Page of the app (handler)', installUrl: 'Installer page, or without pages where ONAPPINSTALL goes', apiOnly: 'Uses only the API, has no pages', ms: 'ms',
  scope: 'Scope, separated by commas', add: 'Register', clientId: 'client_id (made up when empty)',
  time: 'Time', event: 'Event', app: 'Application', outcome: 'Answer', waiting: 'waiting', sent: 'Sent', answered: 'Answered',
  problem: 'This did not work', noPage: 'This application has no page of its own.', noScript: 'Open the page',
  frame: 'Page of the application', loading: 'Opening the page of the application', close: 'Close', choose: 'Choose',
  chooseUser: 'Choose a user', chooseAccess: 'Choose who may', cancel: 'Cancel', installDone: 'The installation is finished.',
  lost: 'The portal can not be reached.',
  noTokens: 'No new token was given. Reload the page.', notHere: 'The local portal has nothing for this request of the page: ',
}

export type Texts = typeof EN

const RU: Texts = {
  language: 'ru',
  title: 'Локальный Битрикс24',
  applications: 'Приложения', placements: 'Места встраивания', lines: 'Открытые линии', deliveries: 'Последние доставки',
  skip: 'К содержимому', you: 'Вы', switchUser: 'Сменить', administrator: 'администратор', languages: 'Язык',
  back: 'Все приложения', version: 'Версия', kind: 'Вид', local: 'локальное', market: 'из Маркета',
  notInstalled: 'не установлено', installing: 'установка не завершена', installed: 'установлено', unpaid: 'оплата истекла',
  withoutPages: 'без страниц',
  install: 'Установить', goOn: 'Продолжить установку', installAgain: 'Переустановить', open: 'Открыть', update: 'Обновить',
  uninstall: 'Удалить', newVersion: 'Новая версия', clean: 'Удалить и данные (CLEAN)',
  adminOnly: 'Устанавливает, обновляет и удаляет приложения только администратор.',
  noApps: 'Пока не зарегистрировано ни одного приложения.', noPlacements: 'Ни одно приложение не заняло места встраивания.',
  noConnectors: 'Ни одно приложение не зарегистрировало коннектор.', noDeliveries: 'Пока ничего не отправлено.',
  connect: 'Подключить', settings: 'Настройки', switchOff: 'Отключить', on: 'вкл', off: 'выкл', notConfigured: 'вкл, не настроен',
  register: 'Зарегистрировать приложение', name: 'Название', handlerUrl: 'Страница приложения (обработчик)',
  installUrl: 'Страница установки, а без страниц — адрес для ONAPPINSTALL', apiOnly: 'Использует только API, без страниц', ms: 'мс',
  scope: 'Права через запятую', add: 'Зарегистрировать', clientId: 'client_id (если пусто, придумается)',
  time: 'Время', event: 'Событие', app: 'Приложение', outcome: 'Ответ', waiting: 'ждёт', sent: 'Отправлено', answered: 'Ответ',
  problem: 'Не получилось', noPage: 'У этого приложения нет своей страницы.', noScript: 'Открыть страницу',
  frame: 'Страница приложения', loading: 'Открывается страница приложения', close: 'Закрыть', choose: 'Выбрать',
  chooseUser: 'Выберите пользователя', chooseAccess: 'Выберите, кому можно', cancel: 'Отмена',
  installDone: 'Установка завершена.',
  lost: 'Портал недоступен.',
  noTokens: 'Новый токен не выдан. Обновите страницу.', notHere: 'На локальном портале нет ничего для запроса страницы: ',
}

export const TEXTS: Record<Language, Texts> = { en: EN, ru: RU }
