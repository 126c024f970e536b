/* core.h - the one include of an experiment, and the map of the core: each header is
 * the contract of the file beside it. */
#ifndef GLASSBOX_CORE_H
#define GLASSBOX_CORE_H

#include "core/base/base.h"
#include "core/base/hash.h"
#include "core/base/rng.h"
#include "core/base/sheet.h"
#include "core/num/vmath.h"
#include "core/num/gemm.h"
#include "core/num/linalg.h"
#include "core/num/stats.h"
#include "core/num/fit.h"
#include "core/num/alias.h"
#include "core/num/hmm.h"
#include "core/net/tape.h"
#include "core/net/op.h"
#include "core/net/hook.h"
#include "core/net/model.h"
#include "core/net/tabled.h"
#include "core/net/mlp.h"
#include "core/net/rnn.h"
#include "core/net/optim.h"
#include "core/net/checkpoint.h"
#include "core/net/toy.h"
#include "core/net/gpt2.h"
#include "core/lens/sae.h"
#include "core/lens/feature.h"
#include "core/lens/planted.h"
#include "core/lens/fourier.h"
#include "core/lens/circuit.h"
#include "core/lens/paths.h"
#include "core/lens/rasp.h"
#include "core/lens/surgery.h"
#include "core/lens/lens.h"
#include "core/lens/probe.h"
#include "core/lens/repair.h"
#include "core/lens/neuron.h"
#include "core/lens/automaton.h"
#include "core/text/bpe.h"
#include "core/text/coder.h"
#include "core/text/gpt2_tokens.h"
#include "core/text/corpus.h"
#include "core/text/ngram.h"
#include "core/text/packer.h"
#include "core/text/prose.h"
#include "core/text/wordvec.h"
#include "core/text/analogy.h"
#include "core/text/sgns.h"
#include "core/text/wordplot.h"
#include "core/lab/experiment.h"
#include "core/lab/task.h"
#include "core/lab/induction.h"
#include "core/lab/reflm.h"
#include "core/lab/resume.h"
/* sqrt, fabs, floor, ceil, rint, fma and nothing else: a unit that links more of libm
 * fails its check */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#endif
