# The common part of every chart: 640 units wide, type of 16. The chart itself follows below.
# Runs with gnuplot 5.4 or newer beside the CSV files that it reads.
set encoding utf8
set minussign
set datafile separator comma
set datafile columnheaders
svg(w, h) = sprintf("set terminal svg dynamic size %d,%d font 'sans-serif,16'", w, h)
height(h) = svg(640, h)
eval height(400)
table(name) = name . ".csv"

# Quiet axes: left and below, thin, ticks outwards, no key. A title that stands "at end" is
# written beside the last point of its line.
set border 3 linewidth 1
set tics out nomirror scale 0.6
set grid ytics linecolor rgb "#cccccc" linewidth 0.8 linetype 1
set key noautotitle textcolor variable samplen 2 spacing 1.2 left top Left reverse
set lmargin 8.8
set rmargin 3
set bmargin 3.1
set tmargin 0.8
set ylabel offset 0.8,0
set xlabel offset 0,0.35
set xtics offset 0,0.25
set fit quiet nolog

# Line styles 1 to 6: colours that the colour-blind can tell apart (Okabe and Ito), each
# with a dash and a symbol of its own. 9: quiet.
set linetype 1 lc rgb "#0072b2" lw 2.2 dt 1 pt 7 ps 0.7
set linetype 2 lc rgb "#d55e00" lw 2.2 dt (14,5) pt 5 ps 0.7
set linetype 3 lc rgb "#009e73" lw 2.2 dt (4,4) pt 9 ps 0.72
set linetype 4 lc rgb "#cc79a7" lw 2.2 dt (14,4,3,4) pt 13 ps 0.75
set linetype 5 lc rgb "#e69f00" lw 2.2 dt (22,6) pt 11 ps 0.75
set linetype 6 lc rgb "#56b4e9" lw 2.2 dt (2,3) pt 6 ps 0.8
set style line 9 lc rgb "#777777" lw 1.2 dt 1 pt 7 ps 0.5
set linetype cycle 6
do for [i=1:6] {
  set style arrow i linetype i linewidth 2 dashtype 1 head filled size screen 0.02,20
}
set style arrow 9 linecolor rgb "#cccccc" linewidth 7 nohead
# The ends of a 95 % interval: with yerrorbars @INTERVAL.
set errorbars 0.7
INTERVAL = "linecolor rgb '#000000' linewidth 1.3 dashtype 1 pointsize 0"

# What a value is held against. eval bound(0.6, "bound 0.6") draws a horizontal line with
# its words above it, at the left; bound_x a vertical one. The same for control() and
# theory(). room(12) makes space for words of 12 letters to the right of the lines.
rule(a, b, look, words, at) = "set arrow from " . a . " to " . b . " nohead back " . look . \
  "; set label \"" . words . "\" at " . at . " textcolor rgb '#777777'"
across(y, look, words) = rule(sprintf("graph 0, first %.17g", y), \
  sprintf("graph 1, first %.17g", y), look, words, \
  sprintf("graph 0.012, first %.17g left offset 0,0.5", y))
up(x, look, words) = rule(sprintf("first %.17g, graph 0", x), \
  sprintf("first %.17g, graph 1", x), look, words, \
  sprintf("first %.17g, graph 0.96 left offset 0.6,0", x))
bound(y, words) = across(y, BOUND, words)
bound_x(x, words) = up(x, BOUND, words)
control(y, words) = across(y, CONTROL, words)
control_x(x, words) = up(x, CONTROL, words)
theory(y, words) = across(y, THEORY, words)
theory_x(x, words) = up(x, THEORY, words)
BOUND = "linecolor rgb '#000000' linewidth 1.4 dashtype (9,4)"
CONTROL = "linecolor rgb '#777777' linewidth 1.6 dashtype (2,4)"
THEORY = "linecolor rgb '#777777' linewidth 1.6 dashtype 1"
room(letters) = sprintf("set rmargin %.1f", letters * 0.95 + 1.5)

# A plane without axes, for words and arrows.
BARE = "unset tics; unset border; unset grid; set lmargin 3; set bmargin 1"

# Palettes for "with image pixels": from little to much, and from below to above a middle.
SEQUENTIAL = "defined (0 '#f3f0e6', .35 '#8fc1c9', .7 '#2f6f9f', 1 '#12234f')"
DIVERGING = "defined (-1 '#0b4f8a', -.5 '#8cb8d8', 0 '#f5f3ee', .5 '#eda27a', 1 '#a03d00')"
eval "set palette " . SEQUENTIAL
