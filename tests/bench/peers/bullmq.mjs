// BullMQ: the command line and report of peer_client.h, with a Redis socket in place of the port.
// Each job is one add, up to WINDOW of them under way on one connection; the worker runs up to 64.
// Usage: node bullmq.mjs FOLDER_OF_NODE_MODULES produce|consume SOCKET COUNT [WINDOW RATE]
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const [folder, role, socket, count, window, rate] = process.argv.slice(2);
const { Queue, Worker } = createRequire(resolve(folder, 'here.js'))('bullmq');
const connection = { path: socket, maxRetriesPerRequest: null };
const messageBytes = 1024;
const nanoseconds = () => process.hrtime.bigint(); // the steady clock, as in the C++ clients
const seconds = () => Number(nanoseconds()) / 1e9;
const message = () => `${nanoseconds()} `.padEnd(messageBytes, 'x');
const say = (report) => process.stdout.write(JSON.stringify(report) + '\n');

async function produce() {
  const queue = new Queue('bench', { connection, defaultJobOptions: { removeOnComplete: true } });
  await queue.waitUntilReady();
  const began = seconds();
  let sent = 0;
  const lane = async () => {
    while (sent < Number(count)) {
      const number = sent++;
      const due = Number(rate) > 0 ? began + number / Number(rate) : 0;
      if (due > seconds()) await sleep(1000 * (due - seconds()));
      await queue.add('m', message());
    }
  };
  await Promise.all(Array.from({ length: Number(window) }, lane));
  say({ began, ended: seconds() });
  await queue.close();
}

async function consume() {
  const latency_ms = [];
  let began = 0;
  let completed = 0;
  const take = async (job) => {
    if (job.data.length !== messageBytes) throw new Error('a message came with another length');
    began ||= seconds();
    latency_ms.push(Number(nanoseconds() - BigInt(job.data.split(' ', 1)[0])) / 1e6);
  };
  const worker = new Worker('bench', take, { connection, concurrency: 64 });
  worker.on('error', (error) => { console.error(`bullmq: ${error.message}`); process.exit(1); });
  await worker.waitUntilReady();
  process.stdout.write('ready\n');
  await new Promise((done) => worker.on('completed', () => {
    if (++completed === Number(count)) done();
  }));
  say({ began, ended: seconds(), latency_ms });
  await worker.close();
}

await (role === 'produce' ? produce() : consume());
process.exit(0);
