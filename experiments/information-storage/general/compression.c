/*
# A language model is a compressor

Whoever can guess the next word needs few bits to be told it. Delétang and coauthors let
language models drive an arithmetic coder, and packed images and sound better than PNG and
FLAC do [@deletang2023compression]. Our model of two million weights packs held-out
English better than gzip, bzip2 and xz, and gives back every byte; images it cannot.

What could fool us: a length that is computed and never written, and a decoder that was
told too much. So we write the code, decode it, damage it, and pack random bytes.
*/
#include "core/core.h"

static void run(Run *run, Rng rng);

const Experiment experiment = {
    .id = "compression",
    .run = run,
    .needs = { "reference-model" },
    .tables = { { "sizes", "data, model, order 2, xz, bzip2, gzip" },
                { "sentence", "token, place, bits" } },
    ABOUT(.title = "Compression", .section = "information-storage/general",
          .cites = "deletang2023compression, witten1987arithmetic, witten1991zero",
          .seeds = 3, .core_s = 67,
          .carries = { "Chinchilla 70B and an arithmetic coder: patches of images to "
                       "43.4 % (PNG 58.5 %), speech to 16.4 % (FLAC 30.3 %)",
                       "1.9 million weights; 64 kB each of text, an image, noise",
                       "Text is packed better than by gzip, weights not counted",
                       "Images and sound, which take a large model" }),
    .claims = CLAIMS(
        { .id = "lossless",
          .text = "the text comes back to the byte; no damaged code passes for a text",
          .value = "differing bytes",
          .side = BELOW,
          .bound = 0,
          .also = { { "wrong texts accepted", BELOW, 0 } },
          .why = "arithmetic coding inverts if both sides compute the same bits",
          .controls = { { "differing bytes, damaged code",
                          "one byte of the code flipped, checksum ignored",
                          { "wrong texts without a checksum" } } } },
        { .id = "near-entropy",
          .text = "the code is as long as the model is surprised (share of -log p)",
          .value = "code to surprise",
          .side = BELOW,
          .bound = 1.002,
          .why = "the coder rounds to 32 bits and ends on a byte",
          .controls = { { "code to surprise, other window",
                          "probabilities of another window" } } },
        { .id = "beats-gzip",
          .text = "held-out text takes less room than by gzip (ratio of the sizes)",
          .value = "model to gzip, text",
          .side = BELOW,
          .bound = 0.85,
          .why = "the source's mechanism; a tenth would be luck",
          .controls = { { "model to gzip, random", "uniform random bytes", .side = ABOVE,
                          .bound = 1 },
                        { "model to gzip, mixed", "its tokens in random order" } } },
        { .id = "model-counts",
          .text = "size with the model's weights, as a multiple of the text's",
          .value = "with the model",
          .tier = REPORT },
        { .id = "cross-modal",
          .text = "an image takes less room than behind PNG's simplest filter (ratio)",
          .value = "model to PNG",
          .side = BELOW,
          .bound = 1,
          .expect = REFUTED,
          .tier = REPORT,
          .why = "the source's large models did it; a small one knows no pixels",
          .controls = { { "random to PNG", "uniform random bytes" } } }),
};

/*
~~~gnuplot sizes "Bits per byte that five ways of packing need. English is the model's
field; pixels and noise it packs worse than no packing, which takes 8"
set style data histograms; set style histogram clustered gap 1.5; set style fill solid 0.5
set ylabel "bits per byte"; set yrange [0:15]; set key maxrows 3 width -1
plot for [i=2:6] table("sizes") using i:xtic(1) linestyle i-1 title columnhead(i)
~~~

## Shares for the coder

The coder [@witten1987arithmetic] wants whole numbers: each of the 2048 tokens owns at
least one of $2^{16}$ parts, so that nothing is impossible, and the likeliest what is
left over. These floors take 3 % of the whole; we count their cost apart.
*/
typedef struct {
    const Reflm *lm;
    Model *m;
    Tape *t;
    int V, T;
    real *p;        /* (V) */
    uint32_t *part; /* (V): what each token owns of CODER_TOTAL */
} Guess;

/* From logits (V); returns the surprise of the token `next` before rounding [bit]. */
static double share_out(Guess *g, const real *logits, int next)
{
    int V = g->V, best = 0;
    real most = vmath_max(V, logits);
    for (int v = 0; v < V; v++) g->p[v] = logits[v] - most;
    vmath_exp_v(V, g->p, g->p);
    real sum = vmath_sum(V, g->p), room = (real)(CODER_TOTAL - V) / sum;
    uint32_t left = CODER_TOTAL;
    for (int v = 0; v < V; v++) {
        left -= g->part[v] = 1 + (uint32_t)(g->p[v] * room);
        if (logits[v] == most) best = v;
    }
    require(left < CODER_TOTAL, "shares of more than everything");
    g->part[best] += left;
    return vmath_log2((double)sum) +
           ((double)most - (double)logits[next]) / 0.6931471805599453;
}

/*
## Packing

A window sees 128 tokens. It slides by half of that, so each token is guessed from at
least 64 before it (the first ones from what there is, after a line's end). The packer
knows the text and guesses many windows at once; the unpacker asks for one token at a
time. **Both must get the same bits**, or the text is lost from there on. That they do is
a property of our matrix products, whose rows do not depend on how many there are.
*/
typedef struct {
    Buffer code;
    double surprise, exact; /* -log2 p, rounded and not [byte] */
} Packed;

/* s (n+1): s[0] is known to both sides. off 1: by the next window's guess. */
static Packed pack(Guess *g, const int *s, int n, int off)
{
    enum { B = 16 };
    int T = g->T, half = T / 2, *tok = alloc((size_t)(B * T), sizeof *tok);
    Packed x = { 0 };
    Encoder e = coder_new();
    for (int w = 0; w == 0 || w * half + half < n; w += B) {
        for (int i = 0; i < B * T; i++) {
            int at = (w + i / T) * half + i % T;
            tok[i] = at < n ? s[at] : 0;
        }
        const Tensor *logits = model_logits(g->m, g->t, tok, B, T);
        for (int i = 0; i < B * T; i++) {
            int at = (w + i / T) * half + i % T, row = (i + off * T) % (B * T);
            if (at >= n || (w + i / T > 0 && i % T < half)) continue;
            const int next = s[at + 1];
            x.exact += share_out(g, logits->v + (size_t)row * (size_t)g->V, next) / 8;
            x.surprise += 2 - vmath_log2(g->part[next]) / 8;
            uint32_t below = 0;
            for (int v = 0; v < next; v++) below += g->part[v];
            coder_encode(&e, below, g->part[next]);
        }
        tape_reset(g->t);
    }
    x.code = coder_finish(&e);
    free(tok);
    return x;
}

/* Fills s[1 .. n]; false: the code was too short. */
static bool unpack(Guess *g, const char *code, size_t bytes, int *s, int n)
{
    Decoder d = coder_open(code, bytes);
    int half = g->T / 2;
    for (int i = 1; i <= n; i++, tape_reset(g->t)) {
        int from = i <= g->T ? 0 : ((i - 1) / half - 1) * half, next = 0;
        share_out(g, model_last_logits(g->m, g->t, s + from, 1, i - from)->v, 0);
        uint32_t below = 0, part = coder_part(&d);
        while (below + g->part[next] <= part) below += g->part[next++];
        coder_take(&d, below, g->part[next]);
        s[i] = next;
    }
    return !coder_is_short(&d);
}

/*
Around the code stands a frame of eight bytes: the number of tokens, and a checksum. The
decoder notices no wrong bit, as all codes are codes of something; so of a short text's
code one byte is flipped, at three places, or the end is cut off, at three.
*/
enum { FRAME = 8 };

/* A line's end, and the tokens of the bytes; *n of them besides. */
static int *tokens_of(const Guess *g, const char *bytes, size_t size, int *n)
{
    size_t count;
    int *token = bpe_encode(g->lm->bpe, bytes, size, &count),
        *s = alloc(count + 1, sizeof *s);
    s[0] = '\n', *n = (int)count;
    memcpy(s + 1, token, count * sizeof *s);
    free(token);
    return s;
}

/* How many bytes of the text differ after decoding; does the checksum say so? */
static int differing(Guess *g, const char *code, size_t bytes, int n, const char *text,
                     size_t size, bool *refused)
{
    int *s = alloc((size_t)n + 1, sizeof *s), differ = 0;
    s[0] = '\n';
    bool whole = unpack(g, code, bytes, s, n);
    Buffer out = { 0 };
    bpe_decode(g->lm->bpe, s + 1, (size_t)n, &out);
    Hash sum = hash_bytes(text, size), own = hash_bytes(out.s, out.n);
    for (size_t i = 0; i < size; i++) differ += i >= out.n || out.s[i] != text[i];
    *refused = !whole || memcmp(own.hex, sum.hex, FRAME);
    free(out.s), free(s);
    return differ;
}

static void round_trip(Run *run, Guess *g, const char *text, size_t size, size_t some)
{
    int n, *s = tokens_of(g, text, size, &n), wrong = 0, accepted = 0;
    bool refused;
    Packed x = pack(g, s, n, 0), y = pack(g, s, n, 1);
    record(run, "code to surprise", (double)x.code.n / x.surprise);
    record(run, "code to surprise, other window", (double)y.code.n / x.surprise);
    record(run, "floors", 8 * (x.surprise - x.exact) / n);
    int differ = differing(g, x.code.s, x.code.n, n, text, size, &refused);
    record(run, "differing bytes", differ + refused);
    free(s), free(x.code.s), free(y.code.s);

    s = tokens_of(g, text, some, &n);
    x = pack(g, s, n, 0);
    for (size_t way = 0; way < 6; way++) {
        size_t length = way < 3 ? x.code.n : x.code.n * (way - 2) / 4;
        char flip = way < 3 ? 0x10 : 0, *at = x.code.s + (flip ? length * way / 3 : 0);
        *at ^= flip;
        differ = differing(g, x.code.s, length, n, text, some, &refused);
        *at ^= flip;
        wrong += differ > 0, accepted += differ > 0 && !refused;
        if (way == 0) record(run, "differing bytes, damaged code", differ);
    }
    record(run, "wrong texts without a checksum", wrong);
    record(run, "wrong texts accepted", accepted);
    free(s), free(x.code.s);
}

/*
## Rivals and materials

Gzip, bzip2 and xz at their best level, and counts that start empty: what followed the
last two bytes, mixed with what followed the last one [@witten1991zero]. All get the same
64 kB: held-out text; its tokens in random order; digits, sorted; waves with noise, an
image of 256 x 256; random bytes.
*/
enum { SIDE = 256, KINDS = 5 };
static const char *const kinds[KINDS] = { "text", "mixed", "digits", "image", "random" };

static char *material(const Guess *g, int kind, const char *text, size_t size, Rng r)
{
    char *out = alloc(size + 1, 1);
    memcpy(out, text, size);
    if (kind == 1) {
        int n, *s = tokens_of(g, text, size, &n);
        Buffer mixed = { 0 };
        rng_shuffle(r, s + 1, n);
        bpe_decode(g->lm->bpe, s + 1, (size_t)n, &mixed);
        memcpy(out, mixed.s, size);
        free(s), free(mixed.s);
    }
    for (size_t i = 0; i < size && kind > 1; i++) {
        double x = (double)(i % SIDE), y = (double)(i / SIDE), noise = rng_normal(r, i),
               wave = vmath_sin(x / 17) + vmath_cos(y / 23 + x / 60);
        out[i] = kind == 2   ? (char)('0' + 10 * i / size)
                 : kind == 3 ? (char)(int)(128 + 40 * wave + 2 * noise)
                             : (char)rng_u64(r, i);
    }
    return out;
}

static void measure(Run *run, Guess *g, int kind, const char *bytes, size_t size)
{
    int n, *s = tokens_of(g, bytes, size, &n);
    Packed x = pack(g, s, n, 0);
    double own = (double)x.code.n + FRAME, gzip = (double)packer_gzip(bytes, size),
           weights = 4 * (double)params_count(model_params(g->m)), per = 8 / (double)size;
    row_label(run, "sizes", kinds[kind], own * per, packer_order_2(bytes, size) * per,
              (double)packer_xz(bytes, size) * per,
              (double)packer_bzip2(bytes, size) * per, gzip * per);
    record_as(run, own * per, "bits per byte, %s", kinds[kind]);
    record_as(run, own / gzip, "model to gzip, %s", kinds[kind]);
    if (kind == 0) record(run, "with the model", (own + weights) / (double)size);
    double png = (double)packer_png(bytes, SIDE, size);
    if (kind > 2) record(run, kind == 3 ? "model to PNG" : "random to PNG", own / png);
    free(s), free(x.code.s);
}

/*
~~~gnuplot sentence "What each piece of a well-known sentence costs"
set ylabel "bits"; set boxwidth 0.7; set style fill solid 0.4
set yrange [0:*]; set bmargin 6; set xtics rotate by 60 right
plot table("sentence") using "place":"bits":xtic("token") with boxes linestyle 1
~~~
*/
static void spell(Run *run, Guess *g)
{
    static const char text[] =
        "To be, or not to be, that is the question; to be or not to be.";
    int n, *s = tokens_of(g, text, sizeof text - 1, &n), length;
    for (int i = 1; i <= n && i < g->T; i++, tape_reset(g->t)) {
        double bits = share_out(g, model_last_logits(g->m, g->t, s, 1, i)->v, s[i]);
        const char *token = bpe_token(g->lm->bpe, s[i], &length);
        char *label = text_format("%.*s", length, token);
        row_label(run, "sentence", label, i, bits);
        free(label);
    }
    free(s);
}

static void run(Run *run, Rng rng)
{
    Reflm *lm = reflm_open(run);
    size_t V = (size_t)lm->spec.vocab, size = (size_t)scaled(run, SIDE * SIDE, 2000);
    Guess g = { lm,
                reflm_model(lm, 100),
                tape_new(),
                (int)V,
                lm->spec.ctx,
                alloc(V, sizeof(real)),
                alloc(V, sizeof(uint32_t)) };
    tape_pause(g.t);
    Buffer text = { 0 };
    bpe_decode(lm->bpe, lm->held.tok, (size_t)(lm->held.n * lm->held.T), &text);
    require(text.n >= size, "%zu bytes of held-out text", text.n);
    for (int k = 0; k < KINDS; k++) {
        char *bytes = material(&g, k, text.s, size, rng_named(rng, kinds[k]));
        measure(run, &g, k, bytes, size);
        progress(run, 0.1 * (k + 1));
        free(bytes);
    }
    round_trip(run, &g, text.s, size / 4, size / 80);
    spell(run, &g);
    free(text.s), free(g.p), free(g.part), tape_free(g.t), model_free(g.m);
    reflm_free(lm);
}

/*
## What we find

Held-out text takes {{=bits per byte, text|%.2f}} bits per byte, {{beats-gzip|%.2f}} of
gzip's size; with its tokens in random order {{beats-gzip.control2|%.2f}}. Random bytes
take {{=bits per byte, random|%.1f}}, more than they have. The first quarter is decoded,
and is the text; its code is {{near-entropy|%.4f}} of the surprise, by another window's
guesses {{near-entropy.control|%.1f}} times. Floors cost {{=floors|%.2f}} bits per token.
An image needs {{cross-modal|%.1f}} times what it needs behind PNG's filter. With the model it
is {{model-counts|%.0f}} times the text.

What our scale cannot show: images and sound; and a text so long that the model's own
length is worth paying.
*/
