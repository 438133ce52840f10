import { describe, expect, it } from 'vitest'
import { theme } from './theme'

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map(at => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/** As of the Web Content Accessibility Guidelines 2.2. */
function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a)
  return (light + 0.05) / (dark + 0.05)
}

describe('the theme', () => {
  const shade = (name: string, number: number) => theme.colors?.[name]?.[number] ?? ''

  it.each([6, 7, 8, 9])('has red %i to be read on white, and white on it', number => {
    expect(contrast(shade('red', number), '#ffffff')).toBeGreaterThan(4.5)
  })

  it('has red to be read on light red and on dark pages', () => {
    expect(contrast(shade('red', 9), shade('red', 1))).toBeGreaterThan(4.5)
    for (const page of [6, 7]) expect(contrast(shade('red', 4), shade('dark', page))).toBeGreaterThan(4.5)
  })
})
