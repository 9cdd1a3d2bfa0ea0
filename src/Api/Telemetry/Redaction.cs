using System.Diagnostics;
using OpenTelemetry;
using Sluice.Orchestration.Telemetry;

namespace Sluice.Api.Telemetry;

/// <summary>Takes out of the spans of others what may hold a secret or a payload, before any exporter sees them.</summary>
/// <remarks>Sluice's own spans have nothing to take out. .NET redacts the queries of URLs itself.</remarks>
public sealed class Redaction : BaseProcessor<Activity>
{
    /// <summary>Source of outgoing requests.</summary>
    public const string Http = "System.Net.Http";

    /// <summary>Source and meter of PostgreSQL.</summary>
    public const string Npgsql = "Npgsql";

    /// <inheritdoc/>
    public override void OnEnd(Activity data)
    {
        switch (data.Source.Name)
        {
            case Http:
                // Webhooks have their secret in the path. What was called is said by the span above.
                if (data.GetTagItem("url.full") is string url && Uri.TryCreate(url, UriKind.Absolute, out var uri))
                {
                    data.SetTag("url.full", uri.GetLeftPart(UriPartial.Authority));
                }

                break;

            case Npgsql when IsMigration(data):
                // A user's SQL: its text and what PostgreSQL says of it may hold anything.
                data.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
                break;

            case Npgsql:
                data.SetTag("db.query.text", null).SetTag("db.npgsql.data_source", null);
                break;

            default:
                break;
        }
    }

    private static bool IsMigration(Activity span)
    {
        for (var above = span.Parent; above is not null; above = above.Parent)
        {
            if (above.Source.Name == SluiceTelemetry.Name && above.OperationName.StartsWith("migrator ", StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}
