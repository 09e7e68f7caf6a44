// Drives a Daytona with its official TypeScript SDK, and says of each step whether it went as it should.
//
//     NODE_PATH=.../node_modules DAYTONA_API_URL=... DAYTONA_API_KEY=... node drive.mjs REPOSITORY
//
// REPOSITORY is the address of a git repository with a file `README.md`. The third request that creates
// or changes a sandbox must be answered 429, with 7 seconds to wait.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { createRequire } from 'node:module'
import net from 'node:net'

const NAME = `sdk-typescript-${randomUUID().slice(0, 8)}`
const LABELS = { 'spec.managed': 'true', 'spec.run': NAME }
const BYTES = Buffer.from('hello\0world\xff\r\n'.repeat(100), 'latin1')
// Together less than one frame: this SDK loses track of a marker that is split over two.
const LINES = 10
const SHELL = `for i in $(seq ${LINES}); do echo out $i; echo err $i >&2; done; exit 7`

// Nothing that a test does may leave this machine.
const connect = net.Socket.prototype.connect
net.Socket.prototype.connect = function (...given) {
  const options = Array.isArray(given[0]) ? given[0][0] : given[0]
  const host = typeof options === 'object' ? options.host : given[1]
  if (host && !['localhost', '127.0.0.1', '::1'].includes(host)) {
    console.log(`WRONG: the SDK wants to talk to ${host}`)
    process.exit(1)
  }
  return connect.apply(this, given)
}

const {
  Daytona,
  DaytonaConflictError,
  DaytonaFileNotFoundError,
  DaytonaNotFoundError,
  DaytonaRateLimitError,
} = createRequire(import.meta.url)('@daytona/sdk')

// The error that `act` is refused with, which is exactly of the expected class.
async function refused(expected, act) {
  let error
  try {
    await act()
  } catch (caught) {
    error = caught
  }
  assert.equal(error?.constructor.name, expected.name, `${error}`)
  return error
}

async function eventually(what, ask) {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const found = await ask()
    if (found !== undefined && found !== null) return found
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`${what} never came`)
}

async function all(iterable) {
  const found = []
  for await (const one of iterable) found.push(one)
  return found
}

const repository = process.argv[2]
const daytona = new Daytona()
let sandbox
let command

function parameters(name) {
  return {
    name,
    labels: { ...LABELS },
    envVars: { GREETING: 'hello' },
    ephemeral: true,
    autoStopInterval: 15,
    ttlMinutes: 30,
  }
}

function check(found) {
  assert.equal(found.name, NAME)
  assert.equal(found.state, 'started')
  for (const [label, value] of Object.entries(LABELS)) assert.equal(found.labels[label], value)
  assert.equal(found.autoStopInterval, 15)
  assert.equal(found.autoDeleteInterval, 0)
}

// In the order in which they are written.
const steps = {
  async 'create'() {
    sandbox = await daytona.create(parameters(NAME))
    check(sandbox)
    return 'started, with its labels and settings'
  },

  async 'get'() {
    for (const key of [sandbox.id, NAME]) {
      const found = await daytona.get(key)
      assert.equal(found.id, sandbox.id)
      check(found)
      assert.equal(found.env.GREETING, 'hello')
    }
    return 'by id and by name'
  },

  async 'create twice'() {
    const error = await refused(DaytonaConflictError, () => daytona.create(parameters(NAME)))
    assert.equal(error.statusCode, 409)
    return 'DaytonaConflictError'
  },

  async 'create too often'() {
    const other = parameters(`${NAME}-2`)
    const error = await refused(DaytonaRateLimitError, () => daytona.create(other))
    assert.equal(error.headers['retry-after-sandbox-create'], '7')
    return 'DaytonaRateLimitError with Retry-After-sandbox-create: 7'
  },

  async 'list'() {
    const found = await all(daytona.list({ labels: { ...LABELS } }))
    assert.deepEqual(found.map((one) => one.id), [sandbox.id])
    assert.deepEqual(await all(daytona.list({ labels: { 'spec.run': 'another' } })), [])
    return 'by labels'
  },

  async 'session'() {
    await sandbox.process.createSession('s')
    assert.equal((await sandbox.process.getSession('s')).sessionId, 's')
    await refused(DaytonaConflictError, () => sandbox.process.createSession('s'))
    return 'created, and not twice'
  },

  async 'execute'() {
    const request = { command: `bash -c '${SHELL}'`, runAsync: true }
    const answer = await sandbox.process.executeSessionCommand('s', request)
    assert.equal(answer.exitCode, undefined)
    command = answer.cmdId
    return 'accepted'
  },

  async 'follow'() {
    const found = { out: '', err: '' }
    await sandbox.process.getSessionCommandLogs(
      's',
      command,
      (chunk) => (found.out += chunk),
      (chunk) => (found.err += chunk),
    )
    for (const channel of ['out', 'err']) {
      const numbers = Array.from({ length: LINES }, (_, index) => index + 1)
      assert.equal(found[channel], numbers.map((number) => `${channel} ${number}\n`).join(''))
    }
    return `${LINES} lines on each channel, to the end`
  },

  async 'exit code'() {
    const ask = async () => (await sandbox.process.getSessionCommand('s', command)).exitCode
    assert.equal(await eventually('the exit code', ask), 7)
    const logs = await sandbox.process.getSessionCommandLogs('s', command)
    assert.equal(logs.stdout.trimEnd().split('\n').at(-1), `out ${LINES}`)
    assert.equal(logs.stderr.trimEnd().split('\n').at(-1), `err ${LINES}`)
    return '7, and the logs are still there'
  },

  async 'execute in one shot'() {
    const answer = await sandbox.process.executeCommand('echo "$GREETING $WHO"; exit 3', undefined, { WHO: 'world' })
    assert.equal(answer.exitCode, 3)
    assert.equal(answer.result, 'hello world\n')
    return 'exit code 3 and its output'
  },

  async 'files'() {
    await sandbox.fs.uploadFile(BYTES, 'deep/down/a.bin')
    assert.deepEqual(Buffer.from(await sandbox.fs.downloadFile('deep/down/a.bin')), BYTES)
    await sandbox.fs.uploadFile(Buffer.from('short'), 'deep/down/a.bin')
    assert.equal(`${await sandbox.fs.downloadFile('deep/down/a.bin')}`, 'short')
    return 'uploaded, downloaded, replaced'
  },

  async 'missing file'() {
    await refused(DaytonaFileNotFoundError, () => sandbox.fs.downloadFile('deep/none.bin'))
    return 'DaytonaFileNotFoundError'
  },

  async 'clone'() {
    await sandbox.git.clone(repository, 'work/repository')
    assert.equal(`${await sandbox.fs.downloadFile('work/repository/README.md')}`, 'A repository.\n')
    assert.equal((await sandbox.git.status('work/repository')).currentBranch, 'main')
    return 'a local repository'
  },

  async 'delete'() {
    await sandbox.process.deleteSession('s')
    await daytona.delete(sandbox, 30, true)
    return 'waited for'
  },

  async 'get after delete'() {
    await refused(DaytonaNotFoundError, () => daytona.get(sandbox.id))
    await refused(DaytonaNotFoundError, () => daytona.get(NAME))
    return 'DaytonaNotFoundError'
  },
}

for (const [name, step] of Object.entries(steps)) {
  try {
    console.log(`ok: ${name}: ${await step()}`)
  } catch (error) {
    console.log(`WRONG: ${name}: ${error.constructor.name}: ${error.message}`)
    process.exit(1)
  }
}
// The SDK may still hold a connection open.
process.exit(0)
