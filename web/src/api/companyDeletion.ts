import { callClient, type Schemas } from './client'

type Answer = Schemas['CompanyDeletionAnswer']

/** State of the link that deletes a company. `deleted` answers the deletion itself. */
export type CompanyDeletion =
  | { state: 'open'; companyName: string; people: number; rooms: number; validUntil: string }
  | { state: 'deleted'; companyName: string }
  | { state: 'expired'; validUntil: string }
  | { state: 'unknown' }

/** Rejects with a SignallingError: `too_many_attempts` after too many guesses. */
export async function lookUpCompanyDeletion(key: string): Promise<CompanyDeletion> {
  return (await callClient('/client/company-deletion/look-up', { key })) as Answer & CompanyDeletion
}

/** Rejects with a SignallingError as `lookUpCompanyDeletion` does, and `permission_missing`. */
export async function deleteCompany(key: string): Promise<CompanyDeletion> {
  return (await callClient('/client/company-deletion', { key })) as Answer & CompanyDeletion
}
