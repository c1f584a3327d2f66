import type { Language } from '../../face/web/texts.ts'
import type { AuthorizeFailure } from '../authorize.ts'

interface AuthorizeTexts {
  readonly portal: string
  readonly languages: string
  readonly loginTitle: string
  readonly loginFor: string
  readonly noPassword: string
  readonly administrator: string
  readonly employee: string
  readonly consentTitle: string
  readonly asksFor: string
  readonly noScope: string
  readonly goesTo: string
  readonly showsCode: string
  readonly allow: string
  readonly deny: string
  readonly actingAs: string
  readonly switchUser: string
  readonly codeTitle: string
  readonly typeInto: string
  readonly codeLasts: string
  readonly minutes: string
  readonly failureTitle: string
  readonly notSentBack: string
  readonly again: string
  readonly failures: Readonly<Record<AuthorizeFailure, string>>
}

const EN: AuthorizeTexts = {
  portal: 'A local Bitrix24', languages: 'Language',
  loginTitle: 'Who are you?', loginFor: 'Log in to go on to', administrator: 'administrator', employee: 'employee',
  noPassword: 'This portal runs on a developer’s machine: nobody has a password.',
  consentTitle: 'Allow access?', asksFor: 'asks to act in your name with these permissions:',
  noScope: 'Only your name and the basic methods', goesTo: 'Afterwards you are taken to',
  showsCode: 'Afterwards you get a code to type in.',
  allow: 'Allow', deny: 'Refuse', actingAs: 'You are', switchUser: 'Somebody else',
  codeTitle: 'Your code', typeInto: 'Type it into', codeLasts: 'It works once and for', minutes: 'min.',
  failureTitle: 'Access was not granted',
  notSentBack: 'The application is not told. You can close this page.', again: 'Try again',
  failures: {
    appUnknown: 'Application not found: the portal has no application with this client_id.',
    appNotInstalled: 'Application not installed: an administrator has to install it on this portal first.',
    userRefused: 'Unable to authorize user: the portal has no such active user.',
    responseTypeUnknown: 'The only response_type is “code”.',
    scopeTooWide: 'The application asks for permissions that are not on its card.',
    denied: 'You refused.',
    formExpired: 'The page was out of date.',
  },
}

const RU: AuthorizeTexts = {
  portal: 'Локальный Битрикс24', languages: 'Язык',
  loginTitle: 'Кто вы?', loginFor: 'Войдите, чтобы перейти в', administrator: 'администратор', employee: 'сотрудник',
  noPassword: 'Этот портал работает на машине разработчика: паролей здесь нет.',
  consentTitle: 'Разрешить доступ?', asksFor: 'просит действовать от вашего имени с такими правами:',
  noScope: 'Только ваше имя и основные методы', goesTo: 'Затем вы перейдёте на',
  showsCode: 'Затем вы получите код, который нужно ввести.',
  allow: 'Разрешить', deny: 'Отказать', actingAs: 'Вы', switchUser: 'Это не я',
  codeTitle: 'Ваш код', typeInto: 'Введите его в', codeLasts: 'Он действует один раз и', minutes: 'мин.',
  failureTitle: 'Доступ не предоставлен',
  notSentBack: 'Приложение об этом не узнает. Страницу можно закрыть.', again: 'Попробовать снова',
  failures: {
    appUnknown: 'Приложение не найдено: на портале нет приложения с таким client_id.',
    appNotInstalled: 'Приложение не установлено: сначала его должен установить администратор портала.',
    userRefused: 'Не удалось авторизовать пользователя: на портале нет такого активного пользователя.',
    responseTypeUnknown: 'response_type может быть только «code».',
    scopeTooWide: 'Приложение просит права, которых нет в его карточке.',
    denied: 'Вы отказали.',
    formExpired: 'Страница устарела.',
  },
}

export const AUTHORIZE_TEXTS: Readonly<Record<Language, AuthorizeTexts>> = { en: EN, ru: RU }

const SCOPE_NAMES: Readonly<Record<string, readonly [en: string, ru: string]>> = {
  calendar: ['Calendars', 'Календари'],
  catalog: ['Catalogue of goods', 'Каталог товаров'],
  crm: ['CRM', 'CRM'],
  department: ['Departments', 'Подразделения'],
  disk: ['Drive', 'Диск'],
  im: ['Chats and notifications', 'Чаты и уведомления'],
  imbot: ['Chat bots', 'Чат-боты'],
  imconnector: ['Connectors of Open Channels', 'Коннекторы открытых линий'],
  imopenlines: ['Open Channels', 'Открытые линии'],
  placement: ['Places in the interface', 'Места в интерфейсе'],
  sale: ['Orders', 'Заказы'],
  task: ['Tasks', 'Задачи'],
  tasks: ['Tasks', 'Задачи'],
  telephony: ['Telephony', 'Телефония'],
  user: ['Users', 'Пользователи'],
  user_basic: ['Users, without contacts', 'Пользователи, без контактов'],
  user_brief: ['Users, names only', 'Пользователи, только имена'],
}

/** undefined: only its code is known. */
export function scopeName(scope: string, language: Language): string | undefined {
  const names = Object.hasOwn(SCOPE_NAMES, scope) ? SCOPE_NAMES[scope] : undefined
  return names?.[language === 'en' ? 0 : 1]
}
