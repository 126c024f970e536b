/*
# Search that knows nothing overtakes what we know

A player that knows no more of a game than its rules, and plays out random games before
each move, loses to a player into which people have put what they know; with enough
computation it wins. Sutton calls it the bitter lesson of seventy years of research:
general methods that leverage computation, search and learning, beat built-in knowledge
[@sutton2019bitter]. Branwen expects as much of networks that grow [@branwen2020scaling].

This is a parable and no proof: one game, Connect Four, and search without learning. The
two meet at eight budgets from 1 to 3000 random games a move. What could fool us is a
straw man for an opponent. So knowledge takes every win, blocks every threat, walks into
none, and counts lines; and it is given the same budgets, of which it can make no use,
against its equal.
*/
#include "core/core.h"

static void run(Run *run, Rng rng);

const Experiment experiment = {
    .id = "bitter-lesson",
    .run = run,
    .tables = { { "scores", "random games, search, knowledge" } },
    ABOUT(.title = "The bitter lesson", .section = "information-processing/scaling-laws",
          .cites = "sutton2019bitter, branwen2020scaling", .seeds = 5, .core_s = 6.5,
          .carries = { "Essays on seventy years of chess, Go, speech and vision",
                       "Connect Four: plain tree search against rules made by hand",
                       "Knowledge wins at first, computation in the end",
                       "Learning, the greater half of the lesson" }),
    .claims = CLAIMS(
        { .id = "compute-wins",
          .text = "against knowledge, search loses with 10 random games a move and wins "
                  "with 3000, and more of them never cost it points",
          .value = "search with 10",
          .side = BELOW,
          .bound = 0.15,
          .also = { { "search with 3000", ABOVE, 0.70 },
                    { "largest drop of search", BELOW, 0.10 } },
          .why = "the bitter lesson; a fall of 0.1 is three standard errors",
          .controls = { { "knowledge with 10",
                          "knowledge, given the same budgets against itself",
                          { "knowledge with 3000", "largest drop of knowledge" } } } }),
};

/*
## The game

Seven columns of six places; four stones in a line win. A board is two sets of stones, in
seven bits a column, the topmost empty, so that a line is four bits 1, 6, 7 or 8 apart.
*/

enum { COLUMNS = 7, ROWS = 6, HEIGHT = ROWS + 1 };
typedef uint64_t Stones;
typedef struct {
    Stones mine, all; /* of the player to move; of both */
} Board;

static const int apart[] = { 1, HEIGHT - 1, HEIGHT, HEIGHT + 1 };
static const Stones bottom = 0x40810204081, places = 0x40810204081 * 0x3f;

static bool wins(Board b, Stones move)
{
    for (int k = 0; k < COUNT(apart); k++) {
        Stones s = b.mine | move, pairs = s & s >> apart[k];
        if (pairs & pairs >> 2 * apart[k]) return true;
    }
    return false;
}

/* Where a stone may come to lie: one place in each column that is not full. */
static Stones moves(Board b) { return (b.all + bottom) & places; }

/* The other player's view. */
static Board after(Board b, Stones s) { return (Board){ b.all ^ b.mine, b.all | s }; }

static Stones lowest(Stones s) { return s & -s; }

static Stones nth(Stones s, int n)
{
    while (n--) s &= s - 1;
    return lowest(s);
}

static int count(Stones s) { return __builtin_popcountll(s); }

static Stones winning(Board b)
{
    Stones found = 0;
    for (Stones rest = moves(b); rest; rest &= rest - 1)
        if (wins(b, lowest(rest))) found |= lowest(rest);
    return found;
}

/*
## Knowledge

It wins if it can, else it blocks. Else it leaves out what would let the other win at
once, if anything is left, and takes the move that makes its open lines worth most against
the other's: 1, 4 or 16 for a line with one, two or three stones of one colour and none of
the other. That prefers the middle, where most lines meet. Ties are broken by chance.
*/

typedef struct {
    Stones place;
    const char *why;
    double estimate; /* the share of random games that search wins through it */
} Move;

static int worth_of_lines(Stones mine, Stones others)
{
    static const int worth[] = { 0, 1, 4, 16, 0 };
    int sum = 0;
    for (int k = 0; k < COUNT(apart); k++) {
        int d = apart[k];
        Stones from = places & places >> d & places >> 2 * d & places >> 3 * d;
        for (; from; from &= from - 1) {
            Stones line = lowest(from) * (1 | 1ull << d | 1ull << 2 * d | 1ull << 3 * d);
            if (!(line & others)) sum += worth[count(line & mine)];
        }
    }
    return sum;
}

static Move knowledge(Board b, int visits, Rng r)
{
    (void)visits;
    Stones win = winning(b), block = winning(after(b, 0)), others = b.all ^ b.mine,
           safe = 0;
    for (Stones rest = moves(b); rest; rest &= rest - 1)
        if (!winning(after(b, lowest(rest)))) safe |= lowest(rest);
    Stones choice = win ? win : block ? block : safe ? safe : moves(b);

    Move best = { .why = win ? "wins" : block ? "blocks" : safe ? "lines" : "is lost" };
    for (int most = 0, ties = 0; choice; choice &= choice - 1) {
        Stones move = lowest(choice), mine = b.mine | move;
        int worth = worth_of_lines(mine, others) - worth_of_lines(others, mine);
        if (best.place && worth < most) continue;
        ties = best.place && worth == most ? ties + 1 : 1;
        if (rng_below(r, (uint64_t)ties, ties) == 0) best.place = move, most = worth;
    }
    return best;
}

/*
## Search

Upper confidence bounds on a tree, in the plain form. Each visit walks down from the board
at hand to a position with an untried move, tries it, ends the game by random moves, and
tells all positions on the way what came of it. On the way down it goes where the share of
wins, and $\sqrt{2 \ln N / n}$ for a move tried in $n$ of $N$ visits, add up to most.
After the last visit the most visited move is played. It knows the rules, no more.
*/

typedef struct {
    Board board;
    Stones move, untried;       /* the move that led here */
    int parent, child, sibling; /* the last tried child; the one tried before; 0: none */
    bool won;                   /* by that move */
    double visits, score;       /* for the one who made it */
} Node;
typedef struct {
    Rng r;
    uint64_t rolled, bits;
} Dice;

/* One of the places, by 16 bits. */
static Stones any(Stones s, Dice *dice)
{
    if (dice->rolled % 4 == 0) dice->bits = rng_u64(dice->r, dice->rolled / 4);
    uint64_t part = dice->bits >> dice->rolled++ % 4 * 16 & 0xffff;
    return nth(s, (int)(part * (uint64_t)count(s) >> 16));
}

/* 1, 1/2 or 0 for the player to move. */
static double play_out(Board b, Dice *dice)
{
    for (int side = 1; moves(b); side = !side) {
        Stones move = any(moves(b), dice);
        if (wins(b, move)) return side;
        b = after(b, move);
    }
    return 0.5;
}

static int most_promising(const Node *node, int at)
{
    int next = 0;
    double best = -1, log_visits = vmath_log(node[at].visits);
    for (int k = node[at].child; k; k = node[k].sibling) {
        double promise =
            node[k].score / node[k].visits + sqrt(2 * log_visits / node[k].visits);
        if (promise > best) best = promise, next = k;
    }
    return next;
}

static void visit(Node *node, int *n, Dice *dice)
{
    int at = 0;
    while (!node[at].untried && node[at].child) at = most_promising(node, at);

    if (node[at].untried) {
        Board b = node[at].board;
        Stones move = any(node[at].untried, dice);
        bool won = wins(b, move);
        node[*n] = (Node){ after(b, move), move, .parent = at, .sibling = node[at].child,
                           .won = won };
        if (!won) node[*n].untried = moves(node[*n].board);
        node[at].untried ^= move;
        at = node[at].child = (*n)++;
    }
    double score = node[at].won ? 1 : 1 - play_out(node[at].board, dice);
    for (;; at = node[at].parent, score = 1 - score) {
        node[at].visits++, node[at].score += score;
        if (at == 0) break;
    }
}

static Move search(Board b, int visits, Rng r)
{
    Node *node = alloc((size_t)visits + 1, sizeof *node);
    node[0] = (Node){ .board = b, .untried = moves(b) };
    Dice dice = { .r = r };
    int n = 1, best = 0;
    for (int i = 0; i < visits; i++) visit(node, &n, &dice);
    for (int k = node[0].child; k; k = node[k].sibling)
        if (!best || node[k].visits > node[best].visits) best = k;
    Move move = { node[best].move, "wins", node[best].score / node[best].visits };
    free(node);
    return move;
}

/*
## Matches

Four hundred games at each budget, and as many of knowledge against itself. The first
stone of either is laid at random, so that hardly two games are alike; starts alternate.
*/

typedef Move Player(Board, int visits, Rng);

/* The first player's score. A move to no place ends the record. */
static double play(Player *first, int visits, bool begins, Rng r, Move *record)
{
    Board b = { 0 };
    for (int i = 0; moves(b); i++) {
        bool its_turn = i % 2 != begins;
        Rng one = rng_child(r, (uint64_t)i);
        if (i < 2)
            record[i] =
                (Move){ nth(moves(b), rng_below(one, 0, count(moves(b)))), "chance", 0 };
        else record[i] = (its_turn ? first : knowledge)(b, visits, one);
        record[i + 1].place = 0;
        if (wins(b, record[i].place)) return its_turn;
        b = after(b, record[i].place);
    }
    return 0.5;
}

static double match(int games, Player *first, int visits, Rng r)
{
    Move record[COLUMNS * ROWS + 1];
    double score = 0;
    for (int g = 0; g < games; g++)
        score += play(first, visits, g % 2 == 0, rng_child(r, (uint64_t)g), record);
    return score / games;
}

/* One game, move by move, and its last position. */
static void show(Run *run, int visits, Rng r)
{
    Move record[COLUMNS * ROWS + 1];
    char grid[ROWS][2 * COLUMNS + 1];
    Buffer text = { 0 };
    memset(grid, ' ', sizeof grid);
    play(search, visits, true, r, record);
    for (int i = 0; record[i].place; i++) {
        int bit = __builtin_ctzll(record[i].place), x = bit / HEIGHT, y = bit % HEIGHT;
        grid[ROWS - 1 - y][2 * x] = "xo"[i % 2];
        buffer_format(&text, "%2d  %s  %c%d  %s", i + 1,
                      i % 2 ? "o knowledge" : "x search   ", 'a' + x, y + 1,
                      record[i].why);
        if (i > 1 && i % 2 == 0) buffer_format(&text, " %.2f", record[i].estimate);
        buffer_put(&text, "\n");
    }
    for (int y = 0; y < ROWS; y++)
        buffer_format(&text, "\n    %d  %.*s", ROWS - y, 2 * COLUMNS, grid[y]);
    listing(run, "game", "%s\n       a b c d e f g\n", text.s);
    free(text.s);
}

static void run(Run *run, Rng rng)
{
    enum { BUDGETS = 8 };
    static const int budget[BUDGETS] = { 1, 3, 10, 30, 100, 300, 1000, 3000 };
    static const char *const who[] = { "search", "knowledge" };
    static Player *const player[] = { search, knowledge };
    double score[2][BUDGETS], drop[2] = { 0 };
    int games = scaled(run, 400, 2);
    for (int k = 0; k < BUDGETS; k++) {
        for (int i = 0; i < 2; i++) {
            score[i][k] = match(games, player[i], scaled(run, budget[k], 1 + k),
                                rng_child(rng_named(rng, who[i]), (uint64_t)k));
            record_as(run, score[i][k], "%s with %d", who[i], budget[k]);
            double fall = k ? score[i][k - 1] - score[i][k] : 0;
            if (fall > drop[i]) drop[i] = fall;
        }
        row(run, "scores", budget[k], score[0][k], score[1][k]);
        progress(run, budget[k] / 3000.0);
    }
    for (int i = 0; i < 2; i++) record_as(run, drop[i], "largest drop of %s", who[i]);
    show(run, scaled(run, 3000, 8), rng_named(rng, "game"));
}

/*
## What we find

~~~gnuplot scores "Points of plain search against knowledge, and of knowledge against itself,
which the budget does not concern: 400 games a point"
set logscale x
set xlabel "random games a move"
set ylabel "share of the points"
set xrange [0.8:4000]; set yrange [-0.03:1]
set label "search" at 500, 0.42 textcolor linestyle 1
set label "knowledge" at 1, 0.57 textcolor linestyle 2
plot 0.5 with lines @THEORY, \
  table("scores") using "random games":"knowledge" with linespoints linestyle 2, \
  "" using "random games":"search" with linespoints linestyle 1
~~~

With 10 random games a move, search scores {{compute-wins|%.3f}} of the points; with 100,
{{=search with 100|%.2f}}; with 300, {{=search with 300|%.2f}}; with 3000,
{{compute-wins.also|%.2f}}. In no seed does more computation cost it more than
{{compute-wins.also2.max|%.4f}}. Knowledge, given the same budgets, scores
{{compute-wins.control|%.2f}} and {{compute-wins.control.also|%.2f}} against itself.

Nobody has told search what a threat is, or that the middle is worth more. It finds out
anew at each move, from games in which both sides blunder.

~~~listing game "One game, not chosen: search, with 3000 random games a move, against
knowledge. Beside its moves, the share of the random games through them that it wins"
~~~

## What our scale cannot show

Learning, the greater half of the lesson: here nothing is remembered from one move to the
next. Where the lines cross says something of our rules and nothing of the world; better
rules would move it to the right. And little else than a game can be played out a thousand
times.
*/
