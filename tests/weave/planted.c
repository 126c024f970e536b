/*
# A planted finding

The offset answers {{share*100|%.0f}} % of the questions & the neighbour < {{share.control}}; that is
no accident [@mikolov2013linguistic]. It was a long way, $N \sim d^{2}/(c \ln N)$, and {{=steps}}
steps with a rate of {{=rate}}, {{=never}} of them for nothing.
*/
#include "core/core.h"

static void run(Run *run, Rng rng);

const Experiment experiment = {
    .id = "planted", .run = run,
    .claims = CLAIMS({ .id = "share", .text = "a claim /* in a string */" }),
};

/*
## Lines with direct labels

~~~gnuplot curve "Two layers reach {{share}}; one layer stays at {{share.control}},
below the bound of {{share.bound}} [@mikolov2013linguistic]"
set xlabel "training step"
set ylabel "share of right answers"
set yrange [0:1]
eval room(9)
eval bound({{share.bound}}, "bound {{share.bound|%.2f}}")
eval control({{share.control}}, "control")
plot table("curve") using "step":"two layers" with lines title "two layers" at end, \
     "" using "step":"one layer" with lines title "one layer" at end
~~~
*/

/* A comment inside a function, and a string that looks like one, are code. */
static int helper(int n)
{
    /* not prose: it does not start in column 0 */
    const char *s = "/* nor is this */";
    return n < 3 && s[0] == '/' ? n : n & 1; // "quoted" 'c'
}

/*
## A law over decades

~~~gnuplot decay "A power law is a straight line here; the chain falls into its bias floor"
set logscale xy
set format y "10^{%T}"
set xlabel "distance [symbols]"
set ylabel "mutual information [bit]"
set yrange [1e-7:1]
eval room(7)
eval control(3e-7, "bias floor")
plot table("decay") using "distance":"tree" with linespoints title "tree" at end, \
     "" using "distance":"chain" with linespoints title "chain" at end, \
     "" using "distance":"theory" with lines @THEORY
~~~

## Bars

~~~gnuplot accuracy "By category, with the 95 % interval"
set style fill solid 0.85 noborder
set boxwidth 0.38
set ylabel "share of right answers"
set yrange [0:0.7]
set xrange [-0.6:5.6]
unset grid
set label "3CosAdd" at -0.2, 0.36 textcolor linestyle 1
set label "nearest neighbour" at 1.9, 0.65 right textcolor linestyle 2
plot table("accuracy") using (column(0)-0.2):"offset":xtic("category") with boxes linestyle 1, \
     "" using (column(0)-0.2):"offset":"lo":"hi" with yerrorbars @INTERVAL, \
     "" using (column(0)+0.2):"neighbour" with boxes linestyle 2
~~~
*/
static double rate(double x) { return x * 0.5; }

static void run(Run *run, Rng rng)
{
    (void)rng;
    record(run, "share", rate(helper(3)));
/*
### Scatter, in the middle of a function

~~~gnuplot pairs "The product is the shifted information"
set xlabel "PMI(w, c) [nat]"
set ylabel "w · c"
set label "PMI - ln 5" at 3.4, 2.6 right textcolor rgb "#777777"
plot table("pairs") using "pmi":"product" with points linestyle 1 pointsize 0.4, x-log(5) with lines @THEORY
~~~
*/
    record(run, "steps", 20000);
}

/*
## Heat map

~~~gnuplot map "Accuracy over width and number of pairs"
eval height(440)
set xlabel "log_2 width"
set ylabel "log_2 pairs"
set xrange [-0.5:15.5]
set yrange [-0.5:11.5]
set cbrange [0:1]
set cblabel "accuracy"
eval room(9)
unset grid
plot table("map") using "width":"stored":"accuracy" with image pixels
~~~

## Parallelogram

~~~gnuplot words "king - man + woman ends at queen"
eval height(440)
set xrange [0:1]
set yrange [0.1:1.2]
unset tics
unset border
unset grid
plot table("words") using "x":"y":"dx":"dy" with vectors arrowstyle 1, \
     "" using "x":"y" with points linestyle 2 pointtype 7, \
     "" using "x":"y":"word" with labels offset 0,-1
~~~

~~~listing sample "What it wrote: {{share.seeds}} seeds"
~~~

| a | b |
|---|---|
| 1 | 2 |

What we cannot show.
*/
