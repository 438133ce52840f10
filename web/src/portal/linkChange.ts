import type { LinkChange } from '../api/links'

/** A link as it stands in the list. */
export interface ListedLink {
  id: string
  title: string
  description?: string
  displayName?: string
  email?: string
  locale?: string
  permissionGroupId?: string
  validFrom?: string
  validUntil?: string
  joinLink?: string
}

/** Fields of the form for a link, as they are typed and chosen; times are of the browser's time zone. */
export type LinkFields = Record<
  'description' | 'displayName' | 'email' | 'locale' | 'permissionGroupId' | 'validFrom' | 'validUntil',
  string
>

const TEXTS = ['description', 'displayName', 'email', 'locale', 'permissionGroupId'] as const
const TIMES = ['validFrom', 'validUntil'] as const

/** A time in a field of the page, which is of the browser's time zone, as the API writes it. */
export function utc(local: string): string | undefined {
  return local ? new Date(local).toISOString() : undefined
}

/** A time as a field of the page takes it. */
export function local(time: string | undefined): string {
  if (!time) return ''
  const date = new Date(time)
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

/** Contents of the form for a link as the form begins with them; `language` is that of a link which says none. */
export function fieldsOf(link: ListedLink, language: string): LinkFields {
  return {
    description: link.description ?? '',
    displayName: link.displayName ?? '',
    email: link.email ?? '',
    locale: link.locale?.slice(0, 2) || language,
    permissionGroupId: link.permissionGroupId ?? '',
    validFrom: local(link.validFrom),
    validUntil: local(link.validUntil),
  }
}

/** What is to be different: the rest stays as it is, whatever that is by now. */
export function changeOf(seen: LinkFields, wanted: Partial<LinkFields>): Omit<LinkChange, 'id'> {
  const change: Omit<LinkChange, 'id'> = {}
  for (const name of TEXTS) {
    const value = wanted[name]
    if (value !== undefined && value !== seen[name]) change[name] = value
  }
  for (const name of TIMES) {
    const value = wanted[name]
    const time = value !== undefined && value !== seen[name] ? utc(value) : undefined
    if (time) change[name] = time
  }
  return change
}
