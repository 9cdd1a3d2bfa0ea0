using Sluice.Durable;

namespace Sluice.Orchestration;

/// <summary>Wakes a rollout so that it reads what was said to it. The rows are the truth: a wake that is lost costs time, never a command.</summary>
public sealed class Waker(DurableClient client)
{
    /// <summary>The only event a rollout receives.</summary>
    public const string EventName = "Wake";

    /// <summary>Raises the event; an instance that is gone or has ended needs none.</summary>
    public async Task WakeAsync(string rolloutId, CancellationToken cancellationToken)
    {
        try
        {
            await client.RaiseEventAsync(rolloutId, EventName, "", cancellationToken);
        }
        catch (Exception e) when (e is InstanceNotFoundException or InstanceStateException)
        {
            // It ended between the row and the event: whoever reads the row sees the end as well.
        }
    }
}
