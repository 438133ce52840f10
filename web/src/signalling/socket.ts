import { log } from '../log'
import type { ClientNotice, ClientRequest, ServerMessage } from './messages'

/** A request the server refused, or that was never answered. `code` is one of docs/signalling.md, or `unanswered`. */
export class SignallingError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly details: Record<string, string> = {},
    /** Descriptions of what is wrong, by the name of the field. */
    readonly fields: Record<string, string> = {},
  ) {
    super(message)
    this.name = 'SignallingError'
  }
}

interface Waiting {
  resolve: (answer: ServerMessage) => void
  reject: (error: SignallingError) => void
  timer: number
}

/** The address of the signalling socket of the server that served this page. */
export function socketUrl(location: { protocol: string; host: string }): string {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
  return `${scheme}://${location.host}/client/socket`
}

/** One WebSocket to the server: JSON in and out, and answers brought back to their requests. */
export class SignallingSocket {
  onMessage: (message: ServerMessage) => void = () => {}
  onClose: (code: number) => void = () => {}

  private readonly socket: WebSocket
  private readonly waiting = new Map<string, Waiting>()
  private nextId = 1

  constructor(url: string = socketUrl(window.location)) {
    this.socket = new WebSocket(url)
    this.socket.onmessage = event => this.receive(String(event.data))
    this.socket.onclose = event => this.closed(event.code)
  }

  get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN
  }

  get isUsable(): boolean {
    return this.isOpen || this.socket.readyState === WebSocket.CONNECTING
  }

  /** Resolves when the socket is open; rejects when it closed first or `limit` ms have passed. */
  opened(limit: number): Promise<void> {
    if (this.isOpen) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const fail = () => {
        window.clearTimeout(timer)
        reject(new SignallingError('unreachable', 'the server cannot be reached'))
      }
      const timer = window.setTimeout(fail, limit)
      if (!this.isUsable) return fail()
      this.socket.addEventListener('close', fail, { once: true })
      this.socket.addEventListener(
        'open',
        () => {
          window.clearTimeout(timer)
          resolve()
        },
        { once: true },
      )
    })
  }

  send(message: ClientNotice): void {
    this.transmit(message)
  }

  /** Sends a request and waits at most `limit` ms for its answer. Rejects with a SignallingError. */
  request(message: ClientRequest, limit = 10_000): Promise<ServerMessage> {
    const id = String(this.nextId++)
    return new Promise((resolve, reject) => {
      const timer = window.setTimeout(() => {
        this.waiting.delete(id)
        reject(new SignallingError('unanswered', `no answer to ${message.type}`))
      }, limit)
      this.waiting.set(id, { resolve, reject, timer })
      if (!this.transmit({ ...message, id })) {
        window.clearTimeout(timer)
        this.waiting.delete(id)
        reject(new SignallingError('unreachable', 'the connection is closed'))
      }
    })
  }

  /** Closes without telling `onClose`. */
  drop(): void {
    this.socket.onclose = null
    this.socket.onmessage = null
    this.socket.close()
    this.rejectWaiting()
  }

  private transmit(message: object): boolean {
    if (!this.isOpen) return false
    this.socket.send(JSON.stringify(message))
    return true
  }

  private receive(text: string): void {
    const message = JSON.parse(text) as ServerMessage
    log.debug('←', message.type, message)
    const id = 'id' in message ? message.id : undefined
    const waiting = id ? this.waiting.get(id) : undefined
    if (!id || !waiting) {
      this.onMessage(message)
      return
    }
    this.waiting.delete(id)
    window.clearTimeout(waiting.timer)
    if (message.type === 'error') {
      waiting.reject(new SignallingError(message.code, message.message, message.details ?? {}))
    } else {
      waiting.resolve(message)
    }
  }

  private closed(code: number): void {
    this.rejectWaiting()
    this.onClose(code)
  }

  private rejectWaiting(): void {
    for (const { reject, timer } of this.waiting.values()) {
      window.clearTimeout(timer)
      reject(new SignallingError('unreachable', 'the connection is closed'))
    }
    this.waiting.clear()
  }
}
