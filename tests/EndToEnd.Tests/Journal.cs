using System.Globalization;
using Sluice.Platforms.Gateway.Control;

namespace Sluice.EndToEnd.Tests;

/// <summary>Reads the effects journal as a judge does.</summary>
internal static class Journal
{
    /// <summary>What one rollout did, without what differs from run to run: revisions are <c>old</c> and <c>new</c>.</summary>
    /// <param name="effects">Since it began.</param>
    /// <param name="stable">The revision that served then.</param>
    public static IReadOnlyList<string> Story(IEnumerable<Effect> effects, string? stable)
    {
        return [.. effects.Select(e => $"{e.Kind} {(e.Revision is null ? "" : Role(e.Revision))}{Weights(e)}".TrimEnd())];

        string Role(string revision) => revision == stable ? "old" : "new";

        string Weights(Effect e) => e.Weights is null ? "" : string.Join(
            ", ", e.Weights.OrderBy(w => Role(w.Key), StringComparer.Ordinal).Select(w => $"{Role(w.Key)} {w.Value.ToString(CultureInfo.InvariantCulture)} %"));
    }

    /// <summary>Weights of one revision in the order in which they were set.</summary>
    public static IReadOnlyList<int> WeightsOf(IEnumerable<Effect> effects, string revision) =>
        [.. effects.Where(e => e.Weights?.ContainsKey(revision) ?? false).Select(e => e.Weights![revision])];

    /// <summary>Requests that a process answered which was not ready then, or whose revision had no share of the traffic.</summary>
    public static IReadOnlyList<string> Misrouted(IReadOnlyList<Effect> effects, IEnumerable<Answer> answers)
    {
        var byPid = effects.Where(e => e.Pid is not null).ToLookup(e => e.Pid!.Value);
        var moves = effects.Where(e => e.Kind == EffectKind.TrafficSet).ToList();
        return [.. answers.Where(a => a.Pid is not null).Select(a => Fault(a, byPid[a.Pid!.Value].ToList(), moves)).OfType<string>()];
    }

    private static string? Fault(Answer answer, List<Effect> ofPid, List<Effect> moves)
    {
        if (ofPid.Count == 0)
        {
            return $"{answer}: the gateway never started this process";
        }

        var ready = ofPid.Where((e, i) => e.Kind == EffectKind.ReplicaReady
            && e.At <= answer.AnsweredAt
            && ofPid.Skip(i + 1).FirstOrDefault(Ends) is var end
            && (end is null || end.At >= answer.SentAt)).Any();
        if (!ready)
        {
            return $"{answer}: not ready then: {string.Join(", ", ofPid.Select(e => $"{e.Kind} {e.At:O}"))}";
        }

        // Weights act a moment before they are noted, so the next ones may hold already.
        var from = moves.FindLastIndex(m => m.At <= answer.SentAt);
        var to = moves.FindIndex(m => m.At > answer.AnsweredAt);
        var revision = ofPid[0].Revision!;
        var inForce = moves.Skip(Math.Max(from, 0)).Take((to < 0 ? moves.Count : to + 1) - Math.Max(from, 0));
        return inForce.Any(m => m.Weights!.GetValueOrDefault(revision) > 0) ? null : $"{answer}: {revision} had no share of the traffic";
    }

    private static bool Ends(Effect e) =>
        e.Kind is EffectKind.ReplicaUnready or EffectKind.ReplicaExited or EffectKind.ReplicaStopped;
}
