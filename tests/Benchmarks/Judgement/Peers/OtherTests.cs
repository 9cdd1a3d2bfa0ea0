namespace Sluice.Benchmarks.Judgement.Peers;

/// <summary>Two tests of counts that were published beside the peers.</summary>
internal static class OtherTests
{
    private const double Normal99 = 2.3263478740408408;
    private const int Points = 25;

    /// <summary>What teams write themselves: the two-sample z-test at 1 % over everything so far, looked at every minute.</summary>
    /// <returns>The minute of the rollback, from 1; null for none.</returns>
    public static int? ZTest(IReadOnlyList<Minute> minutes)
    {
        double canary = 0, canaryErrors = 0, stable = 0, stableErrors = 0;
        for (var i = 0; i < minutes.Count; i++)
        {
            var minute = minutes[i];
            canary += minute.Canary;
            canaryErrors += minute.CanaryErrors;
            stable += minute.Stable;
            stableErrors += minute.StableErrors;
            var pooled = (canaryErrors + stableErrors) / (canary + stable);
            var deviation = Math.Sqrt(pooled * (1 - pooled) * ((1 / canary) + (1 / stable)));
            if ((canaryErrors / canary) - (stableErrors / stable) > Normal99 * deviation)
            {
                return i + 1;
            }
        }

        return null;
    }

    /// <summary>The e-process of counts in its first form, at α = 1 %: alternatives from 1.18, no restarts, no guards.</summary>
    /// <inheritdoc cref="ZTest"/>
    public static int? FirstForm(IReadOnlyList<Minute> minutes)
    {
        var logs = new double[Points];
        for (var i = 0; i < minutes.Count; i++)
        {
            var minute = minutes[i];
            double all = minute.Canary + minute.Stable;
            var share = minute.Canary / all;
            var sum = 0.0;
            for (var j = 0; j < Points; j++)
            {
                var ratio = Math.Pow(64, (j + 1.0) / Points);
                var under = ratio * minute.Canary / ((ratio * minute.Canary) + minute.Stable);
                logs[j] += (minute.CanaryErrors * Math.Log(under / share)) + (minute.StableErrors * Math.Log((1 - under) / (1 - share)));
                sum += Math.Exp(logs[j]);
            }

            if (sum / Points >= 100)
            {
                return i + 1;
            }
        }

        return null;
    }
}
