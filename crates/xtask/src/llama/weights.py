"""A language model of random weights for llama.cpp: what it writes means nothing, but follows from what it is asked.

Usage: weights.py FILE SEED
"""

import sys

import numpy
from gguf import GGUFWriter, TokenType

WIDTH, LAYERS, HEADS, INNER, CONTEXT = 64, 2, 4, 128, 65536
# Of attention and inner layers: below, questions make no difference; above, bytes come that are no text.
SCALE = 0.3

file, seed = sys.argv[1], int(sys.argv[2])
random = numpy.random.default_rng(seed)
# One token a byte: no vocabulary is needed.
tokens = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
kinds = [TokenType.UNKNOWN, TokenType.CONTROL, TokenType.CONTROL] + [TokenType.BYTE] * 256
END, FIRST = 2, 3


def drawn(*shape, scale=1.0):
    return (random.standard_normal(shape) * scale).astype(numpy.float32)


def ones():
    return numpy.ones(WIDTH, numpy.float32)


def without_first_row(*shape, scale):
    rows = drawn(*shape, scale=scale)
    rows[0, :] = 0
    return rows


writer = GGUFWriter(file, "llama")
writer.add_name("random-tiny")
writer.add_context_length(CONTEXT)
writer.add_embedding_length(WIDTH)
writer.add_block_count(LAYERS)
writer.add_feed_forward_length(INNER)
writer.add_head_count(HEADS)
writer.add_head_count_kv(HEADS)
writer.add_layer_norm_rms_eps(1e-5)
writer.add_rope_dimension_count(WIDTH // HEADS)
writer.add_vocab_size(len(tokens))
writer.add_file_type(0)
writer.add_tokenizer_model("llama")
writer.add_token_list(tokens)
writer.add_token_scores([0.0] * len(tokens))
writer.add_token_types(kinds)
writer.add_bos_token_id(1)
writer.add_eos_token_id(END)
writer.add_unk_token_id(0)
writer.add_add_bos_token(True)
writer.add_add_space_prefix(False)
writer.add_chat_template("{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}assistant: ")

# The first channel is the same for all tokens and no layer changes it, so that the first column of the output is a bias of each
# token: without it texts never end, and most bytes are no text.
embedding = drawn(len(tokens), WIDTH, scale=0.5)
embedding[:, 0] = 4.0
output = drawn(len(tokens), WIDTH, scale=0.6)
output[:, 0] = 0.0
for byte in range(256):
    if not 32 <= byte <= 126:
        output[FIRST + byte, 0] = -40.0
for character, bias in (('"', 2.0), ("}", 1.5), ("]", 1.0), (",", 0.6), (" ", -1.0)):
    output[FIRST + ord(character), 0] = bias
output[END, 0] = 3.0
writer.add_tensor("token_embd.weight", embedding)
writer.add_tensor("output_norm.weight", ones())
writer.add_tensor("output.weight", output)
for layer in range(LAYERS):
    name = f"blk.{layer}."
    writer.add_tensor(name + "attn_norm.weight", ones())
    writer.add_tensor(name + "ffn_norm.weight", ones())
    for part in "qkv":
        writer.add_tensor(f"{name}attn_{part}.weight", drawn(WIDTH, WIDTH, scale=SCALE))
    writer.add_tensor(name + "attn_output.weight", without_first_row(WIDTH, WIDTH, scale=SCALE))
    writer.add_tensor(name + "ffn_gate.weight", drawn(INNER, WIDTH, scale=SCALE))
    writer.add_tensor(name + "ffn_up.weight", drawn(INNER, WIDTH, scale=SCALE))
    writer.add_tensor(name + "ffn_down.weight", without_first_row(WIDTH, INNER, scale=SCALE))
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
