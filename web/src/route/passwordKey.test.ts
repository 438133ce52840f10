import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { tabAt } from './tab.fake'

describe('the key of a link to set a password', () => {
  beforeEach(() => vi.resetModules())
  afterEach(() => vi.unstubAllGlobals())

  /** A page as it is loaded, which knows nothing but what its tab keeps. */
  async function load() {
    vi.resetModules()
    const page = await import('./passwordKey')
    page.hidePasswordKeys()
    return page
  }

  it('leaves the address, and a reload finds it', async () => {
    const tab = tabAt('/#/password/K1')
    expect((await load()).passwordKey.get()).toBe('K1')
    expect(tab.address()).toBe('/#/password')
    expect((await load()).passwordKey.get()).toBe('K1')
  })

  it('is replaced by that of another link in the same tab', async () => {
    const tab = tabAt('/#/password/K1')
    const { passwordKey } = await load()
    tab.opens('#/password/K2')
    expect(passwordKey.get()).toBe('K2')
    expect(tab.address()).toBe('/#/password')
  })

  it('is kept no longer than it is good for', async () => {
    const tab = tabAt('/#/password/K1')
    ;(await load()).forgetPasswordKey()
    expect(tab.stored()).toBe('')
    expect((await load()).passwordKey.get()).toBeNull()
  })

  it('works where nothing can be kept', async () => {
    const tab = tabAt('/#/password/K1')
    vi.stubGlobal('sessionStorage', undefined)
    const { passwordKey, forgetPasswordKey } = await load()
    expect(passwordKey.get()).toBe('K1')
    expect(tab.address()).toBe('/#/password')
    forgetPasswordKey()
  })

  it('leaves other addresses alone', async () => {
    const tab = tabAt('/#/join/C/R/K')
    expect((await load()).passwordKey.get()).toBeNull()
    expect(tab.address()).toBe('/#/join/C/R/K')
  })
})
