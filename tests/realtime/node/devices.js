// Devices as the app is one, on behalf of a test: it writes commands as lines of JSON and reads
// what happens as lines of JSON.
'use strict'

const clients = { 2: require('socket.io-client-2'), 4: require('socket.io-client') }
const sockets = {}

function say (device, event, args) {
  process.stdout.write(JSON.stringify({ device, event, args, at: Date.now() }) + '\n')
}

const commands = {
  // Connects, and logs in as the app does: with acknowledgement, after each connection anew.
  open ({ device, generation, url, token, transports }) {
    const socket = clients[generation](url, {
      transports, forceNew: true, reconnectionDelay: 100, reconnectionDelayMax: 200
    })
    sockets[device] = socket
    for (const event of ['should sync', 'connected devices', 'sign out', 'disconnect']) {
      socket.on(event, (...args) => say(device, event, args))
    }
    socket.on('connect', () => {
      say(device, 'connect', [])
      if (token !== undefined) commands.login({ device, args: [token] })
    })
  },
  login ({ device, args }) {
    sockets[device].emit('devicelogin', ...args, (...answer) => say(device, 'acknowledged', answer))
  },
  emit ({ device, event, args }) {
    sockets[device].emit(event, ...args)
  },
  close ({ device }) {
    sockets[device].close()
  }
}

require('readline').createInterface({ input: process.stdin })
  .on('line', line => { const command = JSON.parse(line); commands[command.do](command) })
  .on('close', () => process.exit())
