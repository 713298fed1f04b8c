/* The inner loop of grouping/exchanges.py by hand, for tables, single sites and no links: what a compiled
 * extension would gain in speed. It takes the same steps, so it has to end in the same grouping.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

static int64_t next_below(uint64_t *state, int64_t below) {
    uint64_t x = *state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return (int64_t)((x * 0x2545F4914F6CDD1DULL >> 33) % (uint64_t)below);
}

static double cost(double km, int64_t sites, int64_t preferred, double size_km, int64_t smallest, double missing_km) {
    double total = 2.0 / (double)sites * km + size_km * (double)llabs(sites - preferred);
    return sites < smallest ? total + missing_km * (double)(smallest - sites) : total;
}

void exchange(int64_t units, int64_t near_width, const int64_t *near, int64_t nearest, const double *pairs,
              int64_t members_width, int64_t *members, const int64_t *counts, int64_t *label, double *km,
              uint64_t *state, int64_t steps, double hot, double cold, int64_t preferred, double size_km, int64_t smallest,
              double missing_km) {
    for (int64_t step = 0; step < steps; step++) {
        int64_t unit = next_below(state, units);
        int64_t group = label[unit];
        int64_t target = label[near[unit * near_width + next_below(state, nearest)]];
        if (target == group) continue;
        int64_t place = next_below(state, counts[target]);
        int64_t *ours = members + group * members_width, *theirs = members + target * members_width;
        int64_t other = theirs[place], own = 0;
        const double *of_unit = pairs + unit * units, *of_other = pairs + other * units;
        double here_km = km[group] - of_unit[unit] + of_other[other];
        double there_km = km[target] + of_unit[unit] - of_other[other];
        for (int64_t m = 0; m < counts[group]; m++) {
            if (ours[m] == unit) own = m;
            else here_km += of_other[ours[m]] - of_unit[ours[m]];
        }
        for (int64_t m = 0; m < counts[target]; m++)
            if (theirs[m] != other) there_km += of_unit[theirs[m]] - of_other[theirs[m]];
        double worse = cost(here_km, counts[group], preferred, size_km, smallest, missing_km)
                     + cost(there_km, counts[target], preferred, size_km, smallest, missing_km)
                     - cost(km[group], counts[group], preferred, size_km, smallest, missing_km)
                     - cost(km[target], counts[target], preferred, size_km, smallest, missing_km);
        if (worse > 0.0) {
            double temperature = hot * pow(cold / hot, (double)step / (double)steps);
            double chance = (double)(next_below(state, 1 << 30) + 1) / (double)(1 << 30);
            if (worse > -temperature * log(chance)) continue;
        }
        ours[own] = other;
        theirs[place] = unit;
        label[unit] = target;
        label[other] = group;
        km[group] = here_km;
        km[target] = there_km;
    }
}
