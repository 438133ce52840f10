import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import { de } from './de'
import { en } from './en'
import { isolated } from './isolation'

export const LANGUAGES = ['en', 'de'] as const
export type Language = (typeof LANGUAGES)[number]

const KEY = 'switchroom.language'

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: { translation: typeof en }
  }
}

/** The language chosen earlier, or else the first one of the browser's that there is. */
export function preferredLanguage(stored: string | null, preferred: readonly string[]): Language {
  for (const tag of [stored ?? '', ...preferred]) {
    const found = LANGUAGES.find(language => tag.toLowerCase().split('-')[0] === language)
    if (found) return found
  }
  return 'en'
}

function stored(): string | null {
  try {
    return localStorage.getItem(KEY)
  } catch {
    return null
  }
}

export function language(): Language {
  return preferredLanguage(i18next.language, [])
}

export async function setLanguage(chosen: Language): Promise<void> {
  try {
    localStorage.setItem(KEY, chosen)
  } catch {
    // Without storage the choice holds for this visit.
  }
  await i18next.changeLanguage(chosen)
}

/** Starts the translations; they are part of the bundle, so this is done before the first paint. */
export function startI18n(): void {
  i18next.on('languageChanged', chosen => {
    document.documentElement.lang = chosen
  })
  void i18next.use(initReactI18next).init({
    lng: preferredLanguage(stored(), navigator.languages),
    fallbackLng: 'en',
    resources: { en: { translation: en }, de: { translation: de } },
    // React escapes what it shows; what is put in here must only not turn around the words beside it.
    interpolation: { escapeValue: true, escape: isolated },
    initAsync: false,
  })
}
