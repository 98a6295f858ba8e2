# python3-hl7's asyncio server takes results and accepts each with an acknowledgement of its own making.
# Says where it listens, then one line of JSON for each message, as that library reads it.
import asyncio
import json
import sys

from hl7.mllp import start_hl7_server


def segments(message):
    # Each field as text, by its number in the standard.
    return [[str(field) for field in segment] for segment in message]


async def serve(reader, writer):
    try:
        while not writer.is_closing():
            message = await reader.readmessage()
            print(json.dumps({"id": str(message.segment("MSH")[10]), "segments": segments(message)}), flush=True)
            writer.writemessage(message.create_ack())
            await writer.drain()
    except asyncio.IncompleteReadError:
        writer.close()


async def main():
    async with await start_hl7_server(serve, "127.0.0.1", 0, encoding="utf-8") as server:
        port = server.sockets[0].getsockname()[1]
        print(f"listening on 127.0.0.1:{port}", flush=True)
        await server.serve_forever()


asyncio.run(main())
