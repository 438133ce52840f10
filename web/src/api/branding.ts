import { callClient, type Schemas } from './client'

export type Branding = Schemas['BrandingAnswer']

/** Organization whose branding is wanted: by its id, or by an access token of it. */
export type Branded = Schemas['BrandingQuery']

/** Branding of an organization that its pages show. Rejects with a SignallingError. */
export function brandingOf(branded: Branded): Promise<Branding> {
  return callClient('/client/branding', branded)
}
