import { startTransition, useEffect, useState, useSyncExternalStore } from 'react'

/** A value that components can watch and objects outside React can set. */
export class Store<T> {
  private readonly listeners = new Set<() => void>()

  constructor(private value: T) {}

  readonly get = (): T => this.value

  set(value: T): void {
    if (Object.is(value, this.value)) return
    this.value = value
    for (const listener of [...this.listeners]) listener()
  }

  update(change: Partial<T>): void {
    this.set({ ...this.value, ...change })
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }
}

export function useStore<T>(store: Store<T>): T {
  return useSyncExternalStore(store.subscribe, store.get)
}

/** Watches a value whose change is drawn when the browser has time, between what is more urgent. */
export function useStoreLater<T>(store: Store<T>): T {
  const [value, setValue] = useState(store.get)
  useEffect(() => {
    const follow = () => startTransition(() => setValue(store.get()))
    follow()
    return store.subscribe(follow)
  }, [store])
  return value
}

/** Watches one part; `select` must give the same reference for the same state. */
export function useStorePart<T, P>(store: Store<T>, select: (value: T) => P): P {
  return useSyncExternalStore(store.subscribe, () => select(store.get()))
}
