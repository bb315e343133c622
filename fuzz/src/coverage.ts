import { Session } from 'node:inspector'

interface Range {
  startOffset: number
  endOffset: number
  count: number
}
interface Script {
  url: string
  functions: { ranges: Range[] }[]
}

/** Which blocks of our own code have run, as the engine counts them. */
export class Coverage {
  readonly #session = new Session()

  constructor() {
    this.#session.connect()
    this.#post('Profiler.enable')
    this.#post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  }

  /** The blocks that ran since the last call. */
  take(): Set<string> {
    const ran = new Set<string>()
    const { result } = this.#post('Profiler.takePreciseCoverage') as { result: Script[] }
    for (const { url, functions } of result) {
      if (!/\/(?:packages|apps)\//.test(url) || url.includes('/node_modules/')) continue
      for (const { ranges } of functions)
        for (const { startOffset, endOffset, count } of ranges)
          if (count > 0) ran.add(`${url}:${startOffset}:${endOffset}`)
    }
    return ran
  }

  close(): void {
    this.#session.disconnect()
  }

  /** The engine answers these calls before `post` returns. */
  #post(method: string, parameters: object = {}): unknown {
    let answer: unknown
    this.#session.post(method, parameters, (error, result) => {
      if (error !== null) throw error
      answer = result
    })
    return answer
  }
}
