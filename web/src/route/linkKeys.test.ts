import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { tabAt } from './tab.fake'

describe.each([
  ['password', 'passwordLink'],
  ['invitation', 'invitationLink'],
] as const)('the key of a link to #/%s', (path, name) => {
  beforeEach(() => vi.resetModules())
  afterEach(() => vi.unstubAllGlobals())

  /** The link in a page as it is loaded, which knows nothing but what its tab keeps. */
  async function load() {
    vi.resetModules()
    const page = await import('./linkKeys')
    page.hideLinkKeys()
    return page[name]
  }

  it('leaves the address, and a reload finds it', async () => {
    const tab = tabAt(`/#/${path}/K1`)
    expect((await load()).current.get()).toBe('K1')
    expect(tab.address()).toBe(`/#/${path}`)
    expect((await load()).current.get()).toBe('K1')
  })

  it('is replaced by that of another link in the same tab', async () => {
    const tab = tabAt(`/#/${path}/K1`)
    const link = await load()
    tab.opens(`#/${path}/K2`)
    expect(link.current.get()).toBe('K2')
    expect(tab.address()).toBe(`/#/${path}`)
  })

  it('is kept no longer than it is good for', async () => {
    const tab = tabAt(`/#/${path}/K1`)
    ;(await load()).forget()
    expect(tab.stored()).toBe('')
    expect((await load()).current.get()).toBeNull()
  })

  it('works where nothing can be kept', async () => {
    const tab = tabAt(`/#/${path}/K1`)
    vi.stubGlobal('sessionStorage', undefined)
    const link = await load()
    expect(link.current.get()).toBe('K1')
    expect(tab.address()).toBe(`/#/${path}`)
    link.forget()
  })

  it('leaves other addresses alone', async () => {
    const tab = tabAt('/#/join/C/R/K')
    expect((await load()).current.get()).toBeNull()
    expect(tab.address()).toBe('/#/join/C/R/K')
  })
})
