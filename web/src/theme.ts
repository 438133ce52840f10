import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from '@mantine/core'

const lagoon: MantineColorsTuple = [
  '#e6f7f4',
  '#cdeee8',
  '#9bdcd1',
  '#66c9b9',
  '#3db8a5',
  '#22a994',
  '#12917f',
  '#0b7a6d',
  '#08625a',
  '#044c46',
]

/** Greys with a breath of green, so that dark pages belong to the same house as the logo. */
const slate: MantineColorsTuple = [
  '#e3eae8',
  '#bccac7',
  '#94a8a4',
  '#6d837f',
  '#45595a',
  '#32443f',
  '#1f2d2b',
  '#172321',
  '#0f1716',
  '#0a100f',
]

/** Mantine's, but darker from where it is written on white, or white on it: 4.5 to 1 at least. */
const red: MantineColorsTuple = [
  '#fff5f5',
  '#ffe3e3',
  '#ffc9c9',
  '#ffa8a8',
  '#ff8787',
  '#ff6b6b',
  '#d6292f',
  '#cc2229',
  '#b71c23',
  '#a0151c',
]

export const theme = createTheme({
  primaryColor: 'lagoon',
  primaryShade: { light: 7, dark: 7 },
  colors: { lagoon, red, dark: slate },
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  fontFamily:
    'Inter, ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif',
  headings: { fontWeight: '650' },
})

/** The same for what is written in red on a dark page. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {},
  dark: { '--mantine-color-error': 'var(--mantine-color-red-4)' },
})
