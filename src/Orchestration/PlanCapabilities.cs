using Sluice.Domain.Checklists;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Orchestration.Ports;

namespace Sluice.Orchestration;

/// <summary>Asks of a plan, when it is submitted, what nothing could deliver at 3 a.m.</summary>
public sealed class PlanCapabilities(IPlatforms platforms, RolloutOptions options)
{
    /// <summary>Every fault: unknown adapters, weights that nothing delivers, approvers nobody knows, a version that is none.</summary>
    public IReadOnlyList<PlanFault> Check(Plan plan, Release release)
    {
        var faults = new List<PlanFault>();
        if (ReleaseVersion.Parse(release.Version, out var fault) is null)
        {
            faults.Add(new PlanFault("bad-version", "release.version", 0, 0, fault!));
        }

        foreach (var environment in plan.Environments)
        {
            CheckAdapters(environment, plan, faults);
        }

        foreach (var (index, step) in plan.Steps.Index())
        {
            faults.AddRange(step switch
            {
                Step.Approval s => Unknown(s.Approvers, $"steps[{index}].approval.approvers"),
                Step.Checklist s => s.Items.OfType<ChecklistItem.Person>().SelectMany(i => Unknown(i.By, $"steps[{index}].checklist.items")),
                Step.SignOff s => Unknown(s.By, $"steps[{index}].signOff.by"),
                _ => [],
            });
        }

        faults.AddRange(Unknown(plan.Emergency, "emergency"));
        faults.AddRange(plan.Freeze.Index().SelectMany(f => Unknown(f.Item.OverrideBy, $"freeze[{f.Index}].overrideBy")));
        return faults;
    }

    private IEnumerable<PlanFault> Unknown(IReadOnlyList<string> people, string path) => options.KnowsApprover is not { } knows
        ? []
        : people.Where(a => !knows(a)).Select(a => new PlanFault(
            "unknown-approver", path, 0, 0, $"'{a}' is neither a key nor a group of this server.", "add the key, or the group in the server's configuration"));

    private void CheckAdapters(EnvironmentSpec environment, Plan plan, List<PlanFault> faults)
    {
        ITrafficRouter router;
        try
        {
            platforms.Platform(environment);
            router = platforms.Router(environment);
            platforms.Metrics(environment);
        }
        catch (PlatformException e)
        {
            faults.Add(new PlanFault("no-adapter", $"environments.{environment.Name}", 0, 0, e.Message));
            return;
        }

        var can = router.Capabilities;
        foreach (var (index, step) in plan.Steps.Index().Where(s => s.Item.Environment == environment.Name))
        {
            foreach (var weight in Weights(step).Where(w => w is > 0 and < 100))
            {
                if (!can.Splits)
                {
                    faults.Add(new PlanFault(
                        "weight-undeliverable", $"steps[{index}].{step.Kind}", 0, 0,
                        $"Nothing splits the traffic of {environment.Name}: {weight} % cannot be delivered.", "give the environment a router, or use 0 and 100"));
                }
                else if (can.Granularity > 1 && weight % can.Granularity != 0)
                {
                    faults.Add(new PlanFault(
                        "weight-undeliverable", $"steps[{index}].{step.Kind}", 0, 0,
                        $"The router of {environment.Name} delivers steps of {can.Granularity} %; {weight} % is none.",
                        $"use {Math.Max(can.Granularity, weight / can.Granularity * can.Granularity)}"));
                }
            }
        }
    }

    private static IEnumerable<int> Weights(Step step) => step switch
    {
        Step.Deploy s => [s.Weight],
        Step.SetWeight s => [s.Weight],
        Step.Soak { OnFailure.Weight: { } reduced } => [reduced],
        _ => [],
    };
}
