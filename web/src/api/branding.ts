import { callClient, type Schemas } from './client'

export type Branding = Schemas['BrandingAnswer']

/** Branding of an organization that its pages show. Rejects with a SignallingError. */
export function brandingOf(companyId: string): Promise<Branding> {
  return callClient('/client/branding', { companyId })
}
