import { SignallingSocket } from './socket'

/**
 * A socket opened before it is needed, so that a click on "join" does not wait for the handshakes.
 *
 * The server closes a socket that says nothing for some seconds, so it is opened again when the person shows signs
 * of joining; `renew` is cheap to call.
 */
export class WarmSocket {
  private socket: SignallingSocket | null = null

  renew = (): void => {
    if (!this.socket?.isUsable) this.socket = new SignallingSocket()
  }

  /** Hands the socket over; undefined when there is none that could still be used. */
  take(): SignallingSocket | undefined {
    const socket = this.socket
    this.socket = null
    return socket?.isUsable ? socket : undefined
  }

  drop(): void {
    this.socket?.drop()
    this.socket = null
  }
}
