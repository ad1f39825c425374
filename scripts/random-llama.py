"""Writes a llama model of random weights, about half a megabyte: random-llama.py PATH. It talks nonsense, but through
the real server, sampler and grammar of llama.cpp. Always the same weights."""

import sys

import numpy
from gguf import GGUFWriter, TokenType

CONTEXT, WIDTH, LAYERS, FEED_FORWARD, HEADS = 2048, 64, 2, 128, 4

tokens = [("<unk>", TokenType.UNKNOWN), ("<s>", TokenType.CONTROL), ("</s>", TokenType.CONTROL)]
tokens += [(f"<0x{byte:02X}>", TokenType.BYTE) for byte in range(256)]
tokens += [("▁" + word, TokenType.NORMAL) for word in "the a code model stream token chat word loop list".split()]

writer = GGUFWriter(sys.argv[1], "llama")
writer.add_name("random")
writer.add_context_length(CONTEXT)
writer.add_embedding_length(WIDTH)
writer.add_block_count(LAYERS)
writer.add_feed_forward_length(FEED_FORWARD)
writer.add_head_count(HEADS)
writer.add_head_count_kv(HEADS)
writer.add_rope_dimension_count(WIDTH // HEADS)
writer.add_layer_norm_rms_eps(1e-5)
writer.add_vocab_size(len(tokens))
writer.add_tokenizer_model("llama")
writer.add_token_list([text for text, _ in tokens])
writer.add_token_scores([0.0] * len(tokens))
writer.add_token_types([kind for _, kind in tokens])
writer.add_unk_token_id(0)
writer.add_bos_token_id(1)
writer.add_eos_token_id(2)

random = numpy.random.default_rng(1)


def matrix(name, rows, columns):
    writer.add_tensor(f"{name}.weight", random.normal(0, 0.3, (rows, columns)).astype(numpy.float32))


def norm(name):
    writer.add_tensor(f"{name}.weight", numpy.ones(WIDTH, dtype=numpy.float32))


matrix("token_embd", len(tokens), WIDTH)
for layer in range(LAYERS):
    norm(f"blk.{layer}.attn_norm")
    for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
        matrix(f"blk.{layer}.{part}", WIDTH, WIDTH)
    norm(f"blk.{layer}.ffn_norm")
    matrix(f"blk.{layer}.ffn_gate", FEED_FORWARD, WIDTH)
    matrix(f"blk.{layer}.ffn_up", FEED_FORWARD, WIDTH)
    matrix(f"blk.{layer}.ffn_down", WIDTH, FEED_FORWARD)
norm("output_norm")
matrix("output", len(tokens), WIDTH)

writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
