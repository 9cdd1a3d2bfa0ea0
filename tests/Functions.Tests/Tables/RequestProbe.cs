using Azure.Core;
using Azure.Core.Pipeline;

namespace Sluice.Functions.Tests.Tables;

/// <summary>Counts the requests of a client, and can do something just before its next write goes out.</summary>
internal sealed class RequestProbe : HttpPipelinePolicy
{
    private readonly List<string> _requests = [];
    private Func<Task>? _beforeWrite;

    /// <summary>Methods and last parts of the addresses, in order.</summary>
    public IReadOnlyList<string> Requests
    {
        get
        {
            lock (_requests)
            {
                return [.. _requests];
            }
        }
    }

    /// <summary>Runs once, before the next transaction is sent.</summary>
    public void BeforeNextWrite(Func<Task> action) => _beforeWrite = action;

    /// <summary>The requests of one call.</summary>
    public async Task<IReadOnlyList<string>> OfAsync(Func<Task> call)
    {
        var before = Requests.Count;
        await call();
        return [.. Requests.Skip(before)];
    }

    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        if (message.Request.Uri.Path.EndsWith("$batch", StringComparison.Ordinal)
            && Interlocked.Exchange(ref _beforeWrite, null) is { } action)
        {
            await action();
        }

        lock (_requests)
        {
            _requests.Add($"{message.Request.Method} {(message.Request.Uri.Path.EndsWith("$batch", StringComparison.Ordinal) ? "transaction" : "read")}");
        }

        await ProcessNextAsync(message, pipeline);
    }

    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) =>
        throw new NotSupportedException("The registry calls nothing synchronously.");
}
