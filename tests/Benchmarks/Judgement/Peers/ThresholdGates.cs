namespace Sluice.Benchmarks.Judgement.Peers;

/// <summary>
/// What two peers do with "success ≥ 99 %" over the canary's requests of each minute, read in their source: Argo Rollouts
/// (<c>analysis/analysis.go</c>) fails a metric when more measurements failed than <c>failureLimit</c>; Flagger
/// (<c>pkg/controller/scheduler.go</c>) counts failed checks, never forgets one, and rolls back at <c>threshold</c>.
/// </summary>
internal static class ThresholdGates
{
    private const double MaxErrors = 0.01;

    /// <returns>The minute of the rollback, from 1; null for none.</returns>
    public static int? Argo(IReadOnlyList<Minute> minutes, int failureLimit) => At(minutes, failureLimit + 1);

    /// <inheritdoc cref="Argo"/>
    public static int? Flagger(IReadOnlyList<Minute> minutes, int threshold) => At(minutes, threshold);

    private static int? At(IReadOnlyList<Minute> minutes, int tooMany)
    {
        var failed = 0;
        for (var i = 0; i < minutes.Count; i++)
        {
            failed += minutes[i].CanaryRate > MaxErrors ? 1 : 0;
            if (failed >= tooMany)
            {
                return i + 1;
            }
        }

        return null;
    }
}
