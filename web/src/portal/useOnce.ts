import { type QueryKey, useQueryClient } from '@tanstack/react-query'
import type { SyntheticEvent } from 'react'
import { isSecondClick } from '../ui/secondClick'

type Handler = (event?: SyntheticEvent) => void

/** Makes handlers of buttons that do something once for the two clicks of a double click: the second may come before
 * the button is drawn as busy, and also when the mutation of this key is over already. */
export function useOnce(): (mutationKey: QueryKey, act: () => void) => Handler {
  const queries = useQueryClient()
  return (mutationKey, act) => event => {
    if (!(event && isSecondClick(event)) && !queries.isMutating({ mutationKey })) act()
  }
}
