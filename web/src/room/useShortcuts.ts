import { useEffect, useRef } from 'react'

/** Keys (`KeyboardEvent.key`, in lower case) and what they do. */
export type Shortcuts = Readonly<Record<string, () => void>>

/** Runs shortcuts while nobody is writing, choosing from a list or holding a modifier. Without `singleKeys` only those
 * of keys that write nothing, so that speech input and slips of the hand do nothing (WCAG 2.1.4). */
export function useShortcuts(shortcuts: Shortcuts, enabled: boolean, singleKeys: boolean): void {
  const current = useRef(shortcuts)
  useEffect(() => {
    current.current = shortcuts
  }, [shortcuts])
  useEffect(() => {
    if (!enabled) return
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.defaultPrevented) return
      if (event.isComposing) return
      if (event.key.length === 1 ? !singleKeys || hasOwnKeys(event.target) : isAbove(event.target)) return
      const run = current.current[event.key.toLowerCase()]
      if (!run) return
      event.preventDefault()
      run()
    }
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  }, [enabled, singleKeys])
}

/** Whether keys are for something that lies above the room, and is closed by the same key. */
function isAbove(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('[role="dialog"], [role="menu"]') !== null
}

const FIELDS = ['textbox', 'searchbox', 'combobox', 'listbox', 'spinbutton', 'slider', 'menu', 'dialog']
const WITH_OWN_KEYS = ['input', 'textarea', 'select', ...FIELDS.map(role => `[role="${role}"]`)].join()

/** Whether keys are for what has the focus: a field, or something within a menu or a dialog. */
function hasOwnKeys(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || target.closest(WITH_OWN_KEYS) !== null
}
