import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { type Branded, type Branding, brandingOf } from '../api/branding'
import { Store, useStore } from './store'

const NONE: Branding = { isInRooms: false, isAlone: false }
const FRESH = 60_000

/** That of the organization whose page is shown. */
const shown = new Store<Branding>(NONE)

export function useShownBranding(): Branding {
  return useStore(shown)
}

/** Shows the branding of this organization while the page stands; without an organization, none. */
export function useBranding(companyId: string | undefined): void {
  useBrandingOf(companyId ? { companyId } : undefined)
}

/** Shows the branding of the organization of an access token: that of another is not shown, whatever the address of
 * the page says. */
export function useBrandingOfToken(accessToken: string): void {
  useBrandingOf({ accessToken })
}

function useBrandingOf(branded: Branded | undefined): void {
  const found = useQuery({
    queryKey: ['branding', branded],
    queryFn: () => brandingOf(branded ?? {}),
    enabled: branded !== undefined,
    staleTime: FRESH,
  })
  const branding = found.data ?? NONE
  useEffect(() => {
    shown.set(branding)
    return () => shown.set(NONE)
  }, [branding])
}

/** Black or white, whichever is read better on the colour (#rgb or #rrggbb): 4.5 to 1 at least. */
export function readableOn(colour: string): '#000000' | '#ffffff' {
  // Contrast with white is 1.05 / (l + 0.05), with black (l + 0.05) / 0.05: equal at 0.179.
  return luminance(colour) > 0.179 ? '#000000' : '#ffffff'
}

/** Whether a shape of the colour is seen on white: by 3 to 1. */
export function standsOutFromWhite(colour: string): boolean {
  return 1.05 / (luminance(colour) + 0.05) >= 3
}

function luminance(colour: string): number {
  const digits = colour.length === 4 ? [...colour.slice(1)].map(one => one + one) : pairs(colour)
  const [red = 0, green = 0, blue = 0] = digits.map(pair => linear(Number.parseInt(pair, 16) / 255))
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function pairs(colour: string): string[] {
  return [colour.slice(1, 3), colour.slice(3, 5), colour.slice(5, 7)]
}

function linear(part: number): number {
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
}
