/** The OpenAPI documents that the server has, by the name that the address of the page gives each. */
export const DOCUMENTS = {
  'v3.0': { url: '/v3.0/openapi.json', label: 'docs.telephony' },
  v6: { url: '/api/v6/documentation/swagger', label: 'docs.meetings' },
  v1: { url: '/json/v1/documentation/swagger', label: 'docs.rooms' },
  client: { url: '/client/openapi.json', label: 'docs.client' },
} as const

export type DocumentName = keyof typeof DOCUMENTS

export const NAMES = Object.keys(DOCUMENTS) as DocumentName[]

/** The document that the part of an address after `#` names, or the first. */
export function documentIn(hash: string): DocumentName {
  const name = hash.replace(/^#\/?/, '')
  return NAMES.find(known => known === name) ?? 'v3.0'
}
