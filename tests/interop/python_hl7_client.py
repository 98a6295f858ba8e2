# python3-hl7's asyncio client sends notes and reads their acknowledgements.
# Arguments: the port of MLLP, then the files of the messages, one after the other on one connection.
# Prints a line for each acknowledgement: MSA-1, MSA-2.
import asyncio
import sys

import hl7
from hl7.mllp import open_hl7_connection


async def main(port, files):
    reader, writer = await open_hl7_connection("127.0.0.1", int(port), encoding="utf-8")
    for name in files:
        with open(name, encoding="utf-8", newline="") as file:
            writer.writemessage(hl7.parse(file.read()))
        await writer.drain()
        ack = await asyncio.wait_for(reader.readmessage(), 20)
        print(ack["MSA.F1"], ack["MSA.F2"], flush=True)
    writer.close()


asyncio.run(main(sys.argv[1], sys.argv[2:]))
