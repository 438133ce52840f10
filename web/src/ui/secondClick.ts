/** Whether a click is the second of a double click. It may come when the first has done its work already, and
 * would do it again, or undo it. */
export function isSecondClick(event: { nativeEvent: Event }): boolean {
  return event.nativeEvent instanceof UIEvent && event.nativeEvent.detail > 1
}
