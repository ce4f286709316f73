// Keeps each event of a topic once in a JSON file. Positions and events are replaced together, by one rename.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { CloudEvent } from 'cloudevents'
import { Kafka, logLevel } from 'kafkajs'

const [bootstrap, topic, file] = process.argv.slice(2)
let state = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { epoch: null, positions: {}, events: [] }

function save (next) {
  writeFileSync(`${file}.new`, JSON.stringify(next))
  renameSync(`${file}.new`, file)
  state = next
}

// Returns whether the partition must be read again from its beginning.
function apply (partition, value) {
  const event = new CloudEvent(JSON.parse(value), true)
  if (state.epoch !== null && event.epoch !== state.epoch) {
    save({ epoch: event.epoch, positions: {}, events: [] })
    return true
  }
  const known = state.positions[partition] ?? 0
  const position = Number(event.position)
  if (position <= known) return false
  if (Number(event.prevposition) > known) return true
  save({
    epoch: event.epoch,
    positions: { ...state.positions, [partition]: position },
    events: [...state.events, [position, event.id]]
  })
  return false
}

const kafka = new Kafka({ clientId: 'outside', brokers: [bootstrap], logLevel: logLevel.NOTHING })
const consumer = kafka.consumer({ groupId: `outside-${process.pid}-${Date.now()}`, metadataMaxAge: 5000 })
await consumer.connect()
await consumer.subscribe({ topic, fromBeginning: true })
await consumer.run({
  autoCommit: false,
  eachMessage: async ({ partition, message }) => {
    if (!apply(partition, message.value.toString())) return
    for (let each = 0; each < 3; each++) consumer.seek({ topic, partition: each, offset: '0' })
  }
})
