using Sluice.Durable;

namespace Sluice.Api.Diagnosis;

/// <summary>Finds the instances that a person should look at, among as many as there are, in bounded memory.</summary>
internal static class StandingInstances
{
    /// <summary>How many of a kind are shown.</summary>
    public const int Shown = 10;

    // Each is looked at closely, which replays it.
    private const int LookedAt = 50;

    private static readonly RuntimeStatus[] Open = [RuntimeStatus.Running, RuntimeStatus.Pending, RuntimeStatus.Suspended, RuntimeStatus.ContinuedAsNew];

    /// <summary>How many have not ended, and those that have not moved for longest.</summary>
    public static Task<(int Count, IReadOnlyList<InstanceMetadata> Oldest)> OldestAsync(DurableClient client, CancellationToken cancellationToken) =>
        FirstAsync(client, new InstanceQuery { Statuses = Open, PageSize = 1000 }, LookedAt, i => i.LastUpdatedAt.UtcTicks, cancellationToken);

    /// <summary>How many have failed, and the latest.</summary>
    public static async Task<(int Count, IReadOnlyList<FailedInstance> Latest)> FailedAsync(DurableClient client, CancellationToken cancellationToken)
    {
        var query = new InstanceQuery { Statuses = [RuntimeStatus.Failed], PageSize = 1000 };
        var (count, latest) = await FirstAsync(client, query, Shown, i => -i.LastUpdatedAt.UtcTicks, cancellationToken);
        var failed = new List<FailedInstance>();
        foreach (var instance in latest)
        {
            // Not every host says why without the output.
            var whole = instance.Failure is null ? await client.GetInstanceAsync(instance.InstanceId, getInputsAndOutputs: true, cancellationToken) : instance;
            failed.Add(new FailedInstance(
                instance.InstanceId, instance.Name, instance.LastUpdatedAt, whole?.Failure?.ErrorMessage ?? whole?.SerializedOutput ?? "(no reason)"));
        }

        return (count, failed);
    }

    private static async Task<(int Count, IReadOnlyList<InstanceMetadata> First)> FirstAsync(
        DurableClient client, InstanceQuery query, int wanted, Func<InstanceMetadata, long> order, CancellationToken cancellationToken)
    {
        var count = 0;
        var first = new PriorityQueue<InstanceMetadata, long>();
        do
        {
            var page = await client.GetAllInstancesAsync(query, cancellationToken);
            count += page.Instances.Count;
            foreach (var instance in page.Instances)
            {
                // The queue gives up the last one in order, so it is kept upside down.
                first.Enqueue(instance, -order(instance));
                if (first.Count > wanted)
                {
                    first.Dequeue();
                }
            }

            query = query with { ContinuationToken = page.ContinuationToken };
        }
        while (query.ContinuationToken is not null);

        return (count, [.. first.UnorderedItems.OrderBy(i => -i.Priority).Select(i => i.Element)]);
    }
}
