import { callClient, type Schemas } from './client'

export type Branding = Schemas['BrandingAnswer']

/** What the pages of an organization show of it. Rejects with a SignallingError. */
export function brandingOf(companyId: string): Promise<Branding> {
  return callClient('/client/branding', { companyId })
}
