import { type RefObject, useEffect, useRef } from 'react'

/** For a navigation that is moved along sideways: brings the link of the page that is shown into view. */
export function useCurrentInView(current: string | undefined): RefObject<HTMLElement | null> {
  const navigation = useRef<HTMLElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the link that is marked changes with it
  useEffect(() => {
    const link = navigation.current?.querySelector<HTMLElement>('[aria-current]')
    const list = link?.closest('ul')
    // Only sideways: the page stays where it is.
    if (link && list) list.scrollLeft = link.offsetLeft - list.offsetLeft - 16
  }, [current])
  return navigation
}
