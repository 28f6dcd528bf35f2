// A Lambda function (Node.js 14 or newer) that returns the libraries of its environment, for `layercheck capture`.
//
// Save it as index.js, set the handler to index.handler, give it 512 MB and one minute, invoke it, and hand its response
// to `layercheck capture`. It reads files and changes nothing.
"use strict";
const fs = require("fs");

const SKIPPED = new Set(["/proc", "/sys", "/dev", "/tmp", "/opt", "/var/task"]);
const LIBRARY = /^lib.*\.so/;
const METADATA = /\.(dist|egg)-info$/;
const WHOLE = /^\/etc\/(ld\.so\.cache|ld-musl-.*\.path)$|\/ld-[^/]*\.so[^/]*$/;
// A name that is not UTF-8, or that holds a line break or a tab, cannot be told in a line.
const UNTOLD = /[\0-\x1f\x7f\ufffd]/;
const WHOLE_BYTES = 4 << 20;
const TEXT = 4096;

exports.handler = async () => {
  const lines = [];
  for (const name of ["PATH", "LD_LIBRARY_PATH"]) {
    if (name in process.env) lines.push(`V\t${name}\t${process.env[name]}`);
  }
  walk("", lines);
  return { layercheck_capture: 1, lines };
};

function walk(folder, lines) {
  let entries;
  try {
    entries = fs.readdirSync(folder || "/", { withFileTypes: true });
  } catch {
    return;
  }
  for (const entry of entries) {
    const path = `${folder}/${entry.name}`;
    const known = LIBRARY.test(entry.name) || METADATA.test(entry.name);
    if (UNTOLD.test(entry.name)) continue;
    if (entry.isSymbolicLink()) {
      const target = fs.readlinkSync(path);
      if (!UNTOLD.test(target)) lines.push(`L\t${path}\t${target}`);
    } else if (entry.isDirectory()) {
      if (known) lines.push(`D\t${path}`);
      if (!SKIPPED.has(path)) walk(path, lines);
    } else if (entry.isFile()) {
      tell(path, folder, known, lines);
    }
  }
}

function tell(path, folder, known, lines) {
  const whole = WHOLE.test(path);
  let file, pieces, isElf, size, executable;
  try {
    const status = fs.lstatSync(path);
    size = status.size;
    executable = status.mode & 0o111 ? 1 : 0;
    file = fs.openSync(path, "r");
    pieces = new Pieces(file);
    isElf = pieces.take(0, 4).toString("latin1") === "\x7fELF";
    if (whole) pieces.read(0, Math.min(size, WHOLE_BYTES));
    else if (isElf) pieces.elf();
  } catch {
    if (known) lines.push(`U\t${path}`);
    return;
  } finally {
    if (file !== undefined) fs.closeSync(file);
  }
  if (isElf || whole || known || (executable && /\/s?bin$/.test(folder))) {
    lines.push([isElf ? "E" : "F", path, size, executable, ...pieces.told].join("\t"));
  }
}

// Reads an ELF file and remembers what it read.
class Pieces {
  constructor(file) {
    this.file = file;
    this.told = [];
    this.loads = [];
  }

  take(offset, length) {
    const buffer = Buffer.alloc(length);
    return buffer.subarray(0, fs.readSync(this.file, buffer, 0, length, offset));
  }

  read(offset, length) {
    const data = this.take(offset, length);
    this.told.push(`${offset}:${data.toString("hex")}`);
    return data;
  }

  // The headers of any ELF file, and what a 64-bit little-endian one needs and defines.
  elf() {
    const head = this.read(0, 64);
    if (head.length < 64 || head[4] !== 2 || head[5] !== 1) return;
    const table = this.read(wide(head, 32), 56 * Math.min(head.readUInt16LE(56), 512));
    let dynamic = Buffer.alloc(0);
    for (let at = 0; at + 56 <= table.length; at += 56) {
      const kind = table.readUInt32LE(at);
      const [offset, address, size] = [wide(table, at + 8), wide(table, at + 16), wide(table, at + 32)];
      if (kind === 1) this.loads.push([address, size, offset]);
      else if (kind === 2) dynamic = this.read(offset, Math.min(size, 65536));
      else if (kind === 3 || kind === 4 || kind === 0x6474e553) this.read(offset, Math.min(size, TEXT));
    }
    const tags = new Map();
    const names = new Set();
    for (let at = 0; at + 16 <= dynamic.length; at += 16) {
      const [tag, value] = [wide(dynamic, at), wide(dynamic, at + 8)];
      if (tag === 0) break;
      tags.set(tag, value);
      if ([1, 14, 15, 29, 0x7ffffffd, 0x7fffffff].includes(tag)) names.add(value);
    }
    this.needs(this.place(tags.get(0x6ffffffe)), tags.get(0x6fffffff), names);
    this.definitions(this.place(tags.get(0x6ffffffc)), tags.get(0x6ffffffd), names);
    const strings = this.place(tags.get(5));
    if (strings === undefined) return;
    for (const name of names) {
      const data = this.take(strings + name, TEXT);
      this.told.push(`${strings + name}:${data.subarray(0, data.indexOf(0) + 1).toString("hex")}`);
    }
  }

  needs(at, count, names) {
    for (let left = Math.min(count || 0, TEXT); at !== undefined && left > 0; left--) {
      const entry = this.read(at, 16);
      if (entry.length < 16) return;
      names.add(entry.readUInt32LE(4));
      let aux = at + entry.readUInt32LE(8);
      for (let inner = entry.readUInt16LE(2); inner > 0; inner--) {
        const part = this.read(aux, 16);
        if (part.length < 16) return;
        names.add(part.readUInt32LE(8));
        aux += part.readUInt32LE(12);
      }
      if (entry.readUInt32LE(12) === 0) return;
      at += entry.readUInt32LE(12);
    }
  }

  definitions(at, count, names) {
    for (let left = Math.min(count || 0, TEXT); at !== undefined && left > 0; left--) {
      const entry = this.read(at, 20);
      if (entry.length < 20) return;
      const part = this.read(at + entry.readUInt32LE(12), 8);
      if (part.length < 8) return;
      names.add(part.readUInt32LE(0));
      if (entry.readUInt32LE(16) === 0) return;
      at += entry.readUInt32LE(16);
    }
  }

  // The file offset of an address.
  place(address) {
    const load = this.loads.find(([start, size]) => address >= start && address < start + size);
    return load && address - load[0] + load[2];
  }
}

function wide(buffer, at) {
  return Number(buffer.readBigUInt64LE(at));
}
