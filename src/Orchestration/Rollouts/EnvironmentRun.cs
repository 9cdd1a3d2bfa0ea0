using Sluice.Domain.Analysis;
using Sluice.Orchestration.Activities;
using Sluice.Orchestration.Ports;

namespace Sluice.Orchestration.Rollouts;

/// <summary>One environment in the hands of one rollout: everything it must remember about it.</summary>
internal sealed class EnvironmentRun(EnvironmentTarget target, string revision, long lockNumber, EnvironmentFacts facts, Deployment row)
{
    /// <summary>Where.</summary>
    public EnvironmentTarget Target => target;

    /// <summary>Its name.</summary>
    public string Name => target.Environment.Name;

    /// <summary>The revision that comes.</summary>
    public string Revision => revision;

    /// <summary>First half of every fence here.</summary>
    public long LockNumber => lockNumber;

    /// <summary>The revision that served when the rollout came; null when the environment was empty.</summary>
    public RevisionIdentity? Stable => facts.Stable;

    /// <summary>Nothing served here before: no traffic to split, nothing to compare with.</summary>
    public bool IsFirst => facts.Stable is null;

    /// <summary>The weights as they were.</summary>
    public Traffic Before => facts.Traffic;

    /// <summary>Percent last given to the new revision.</summary>
    public int Weight { get; set; }

    /// <summary>When the weight last rose, or the revision became ready: the warm-up counts from here. UTC.</summary>
    public DateTimeOffset WarmFrom { get; set; }

    /// <summary>When its start began, and when it was ready. UTC.</summary>
    public (DateTimeOffset Began, DateTimeOffset Ready) Deployed { get; set; }

    /// <summary>Whether it has answered requests of ours, before any of users.</summary>
    public bool Warmed { get; set; }

    /// <summary>What the judge has learned here, through all steps.</summary>
    public Evidence Evidence { get; set; } = Evidence.None;

    /// <summary>The deployment as the registry has it.</summary>
    public Deployment Row { get; set; } = row;

    /// <summary>What is left of a warm-up of this length; never below zero.</summary>
    public TimeSpan WarmupLeft(TimeSpan warmup, DateTimeOffset now)
    {
        var left = WarmFrom + warmup - now;
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <summary>What the router is to deliver at a weight.</summary>
    public Traffic At(int weight)
    {
        var weights = new Dictionary<string, int>(StringComparer.Ordinal);
        if (weight > 0)
        {
            weights[revision] = weight;
        }

        if (weight < 100 && Stable is { } stable)
        {
            weights[stable.Revision] = 100 - weight;
        }

        return new Traffic(weights);
    }
}
