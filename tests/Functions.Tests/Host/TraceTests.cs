using System.Text;
using Sluice.Domain.Rollouts;
using Sluice.Orchestration.Telemetry;
using Sluice.Testing;

namespace Sluice.Functions.Tests.Host;

/// <summary>What the worker tells a receiver of traces.</summary>
[Trait(Tools.Needs, Tools.Func)]
public sealed class TraceTests(LocalAzure azure) : IClassFixture<LocalAzure>
{
    [Fact]
    public async Task The_spans_of_a_rollout_are_one_trace()
    {
        using var receiver = Receiver.Start();
        await azure.StorageStartedAsync();
        azure.App = azure.NewApp(new Dictionary<string, string>
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = receiver.Url,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "1000",
        });
        await azure.App.StartAsync();
        var plan = new HostPlan("traced", azure.Folder);
        var id = await azure.BeginAsync(plan.First(), "v1.0.0");
        Assert.Equal(Outcome.Promoted, (await azure.EndOfAsync(id)).Status.Outcome);

        var trace = RolloutTrace.IdOf(id).ToHexString();
        var spans = await Eventually.AsyncOf(
            () => Task.FromResult(OtlpSpans.In(receiver)), all => all.Any(s => s.Name == "activity ReleaseLock"), "the last activity's span is here");
        string[] expected =
        [
            "start Rollout", "create_orchestration:Rollout", "activity StartRevision", "platform StartRevision", "activity SetTraffic", "router SetTraffic",
            "activity ReleaseLock", "rollout",
        ];
        Assert.Empty(expected.Except(spans.Where(s => s.TraceId == trace).Select(s => s.Name)));

        // Upkeep is nobody's.
        Assert.DoesNotContain(spans, s => s.Scope == "Sluice" && s.TraceId != trace && expected.Contains(s.Name));
    }
}

/// <summary>A span as far as these tests read it.</summary>
internal sealed record OtlpSpan(string Scope, string TraceId, string Name);

/// <summary>Reads spans from what a receiver got (opentelemetry-proto, trace/v1; protobuf's wire format).</summary>
internal static class OtlpSpans
{
    public static IReadOnlyList<OtlpSpan> In(Receiver receiver) =>
    [
        .. from request in receiver.Received
           where request.Path == "/v1/traces"
           from resource in Messages(Encoding.Latin1.GetBytes(request.Body), 1)
           from scoped in Messages(resource, 2)
           let scope = Messages(scoped, 1).SelectMany(s => Messages(s, 1)).Select(Encoding.UTF8.GetString).FirstOrDefault("")
           from span in Messages(scoped, 2)
           select new OtlpSpan(
               scope, Convert.ToHexStringLower(Messages(span, 1).Single()), Encoding.UTF8.GetString(Messages(span, 5).Single())),
    ];

    // The length-delimited fields of one number.
    private static List<byte[]> Messages(byte[] message, int number)
    {
        var found = new List<byte[]>();
        var at = 0;
        while (at < message.Length)
        {
            var key = Varint();
            switch (key & 7)
            {
                case 0:
                    Varint();
                    break;
                case 1:
                    at += 8;
                    break;
                case 5:
                    at += 4;
                    break;
                default:
                    var length = (int)Varint();
                    if (key >> 3 == (ulong)number)
                    {
                        found.Add(message[at..(at + length)]);
                    }

                    at += length;
                    break;
            }
        }

        return found;

        ulong Varint()
        {
            var value = 0UL;
            for (var shift = 0; ; shift += 7)
            {
                var next = message[at++];
                value |= (ulong)(next & 0x7f) << shift;
                if (next < 0x80)
                {
                    return value;
                }
            }
        }
    }
}
