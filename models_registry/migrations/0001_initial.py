import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import models_registry.models.fields
import hub.search_indexes
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('accounts', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='BlobContent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=200, unique=True)),
                ('size', models.PositiveBigIntegerField(help_text='Stored bytes: a zlib stream.')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name='FileScan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('content', models.CharField(max_length=64, unique=True)),
                ('status', models.CharField(choices=[('safe', 'Safe'), ('suspicious', 'Suspicious'), ('unsafe', 'Unsafe'), ('error', 'Error')], max_length=16)),
                ('imports', models.JSONField(default=list)),
                ('problem', models.CharField(blank=True, max_length=500)),
                ('scanner', models.CharField(max_length=40)),
                ('scanned_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name='GarbageRound',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=32, unique=True)),
                ('phase', models.CharField(max_length=32)),
                ('position', models.CharField(blank=True, max_length=1024)),
                ('steps', models.PositiveBigIntegerField(default=0)),
                ('started_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Repository',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('model', 'Model'), ('dataset', 'Dataset')], default='model', max_length=16)),
                ('name', models.CharField(max_length=96, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,94}[A-Za-z0-9_])?\\Z')])),
                ('key', models.GeneratedField(db_persist=True, expression=django.db.models.functions.text.Lower('name'), output_field=models.CharField(max_length=96))),
                ('full_key', models.CharField(editable=False, help_text='“namespace/name” in lower case, for searching. Written with the name.', max_length=139)),
                ('private', models.BooleanField(default=False)),
                ('gated', models.CharField(blank=True, choices=[('', 'Open'), ('auto', 'Auto'), ('manual', 'Manual')], default='', max_length=8)),
                ('disabled_reason', models.CharField(blank=True, help_text='Why a moderator closed it; its members read this. Empty: it is open.', max_length=500)),
                ('disabled_as', models.CharField(choices=[('hidden', 'Hidden'), ('quarantined', 'Quarantined'), ('taken down', 'Taken Down')], default='hidden', help_text='How it is closed, if it is.', max_length=16)),
                ('disabled_at', models.DateTimeField(null=True)),
                ('public_notice', models.TextField(blank=True, help_text='What everybody reads in its place.')),
                ('legal_basis', models.CharField(blank=True, max_length=200)),
                ('default_branch', models.CharField(default='main', max_length=200)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now_add=True, help_text='The last commit on any branch.')),
                ('batch', models.BigIntegerField(default=0, help_text="Counts the writes of git objects, under this row's lock.")),
                ('epoch', models.IntegerField(default=0, help_text='Raised when objects are taken out of the repository: what was made of it before is stale.')),
                ('last_number', models.PositiveIntegerField(default=0, help_text='Of its discussions and pull requests together.')),
                ('summary', models.CharField(blank=True, max_length=300)),
                ('task', models.CharField(blank=True, max_length=64)),
                ('library', models.CharField(blank=True, max_length=64)),
                ('licence', models.CharField(blank=True, max_length=64)),
                ('commercial_use', models.CharField(blank=True, choices=[('yes', 'Yes'), ('conditional', 'Conditional'), ('no', 'No')], help_text='What its licence says of it (formats.licence_terms). Empty: that cannot be told.', max_length=12)),
                ('parameter_count', models.BigIntegerField(null=True)),
                ('holds_pickles', models.BooleanField(default=False, help_text='By the names of its files.')),
                ('downloads', models.BigIntegerField(default=0, help_text='In the last 30 days.')),
                ('downloads_all_time', models.BigIntegerField(default=0)),
                ('likes', models.IntegerField(default=0)),
                ('trending_score', models.FloatField(default=0)),
                ('storage_logical', models.BigIntegerField(default=0, help_text='Bytes of all its content, over its history.')),
                ('storage_stored', models.BigIntegerField(default=0, help_text='Bytes that are stored for it: services.storage_use.')),
                ('tag_words', models.TextField(blank=True, editable=False, help_text='Its tags, to be searched: services.tagging.')),
                ('search_text', models.GeneratedField(db_persist=True, expression=django.db.models.functions.text.Lower(django.db.models.functions.text.Concat('full_key', models.Value(' '), 'summary', models.Value(' '), 'tag_words', output_field=models.TextField())), output_field=models.TextField())),
                ('creator', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='created_repositories', to=settings.AUTH_USER_MODEL)),
                ('namespace', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='repositories', to='accounts.namespace')),
            ],
            options={
                'verbose_name_plural': 'repositories',
                'permissions': [('hide_repository', 'Can hide a repository'), ('quarantine_repository', 'Can put a repository in quarantine'), ('take_down_repository', 'Can take a repository down with a public notice')],
                'indexes': [models.Index(fields=['kind', '-updated_at', '-id'], name='repository_by_update'), models.Index(fields=['kind', 'commercial_use'], name='repository_by_commercial_use'), models.Index(fields=['kind', '-created_at', '-id'], name='repository_by_creation'), models.Index(fields=['kind', '-downloads', '-id'], name='repository_by_downloads'), models.Index(fields=['kind', '-likes', '-id'], name='repository_by_likes'), models.Index(fields=['kind', '-trending_score', '-id'], name='repository_by_trend'), models.Index(condition=models.Q(('disabled_reason', ''), _negated=True), fields=['disabled_as'], name='repository_closed'), hub.search_indexes.TrigramIndex(fields=['search_text'], name='repository_by_text')],
                'constraints': [models.UniqueConstraint(models.F('namespace'), models.F('kind'), models.F('key'), name='repository_name_once_per_namespace_and_kind'), models.CheckConstraint(condition=models.Q(('name__regex', '^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,94}[A-Za-z0-9_])?\\Z')), name='repository_name_is_url_safe')],
            },
        ),
        migrations.CreateModel(
            name='XetFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('hash', models_registry.models.fields.HashField(32, unique=True)),
                ('size', models.PositiveBigIntegerField()),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name='Xorb',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('hash', models_registry.models.fields.HashField(32, unique=True)),
                ('key', models.CharField(max_length=200, unique=True)),
                ('packed_size', models.PositiveIntegerField()),
                ('unpacked_size', models.PositiveIntegerField()),
                ('chunk_count', models.PositiveIntegerField()),
                ('chunk_table', models.BinaryField()),
                ('announced_until', models.DateTimeField()),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name='AccessRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('status', models.CharField(choices=[('pending', 'Pending'), ('accepted', 'Accepted'), ('rejected', 'Rejected')], default='pending', max_length=16)),
                ('rejection_reason', models.CharField(blank=True, help_text='Shown to who asked.', max_length=500)),
                ('granted_by_hand', models.BooleanField(default=False, help_text='The owners let them in unasked, so their e-mail address was never given.')),
                ('fields', models.JSONField(default=dict, help_text="What they answered, by the owners' questions as they were worded then.")),
                ('terms_sha256', models.CharField(blank=True, help_text='Of the text of the terms that they accepted.', max_length=64)),
                ('terms_commit', models.CharField(blank=True, help_text='The commit in which these terms stand.', max_length=40)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('decided_at', models.DateTimeField(null=True)),
                ('decided_by', models.ForeignKey(help_text='Null: the gate itself.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='access_requests', to=settings.AUTH_USER_MODEL)),
                ('repository', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='access_requests', to='models_registry.repository')),
            ],
            options={
                'indexes': [models.Index(fields=['repository', 'status', 'id'], name='access_request_by_status')],
                'constraints': [models.UniqueConstraint(fields=('repository', 'user'), name='access_request_once_per_user')],
            },
        ),
        migrations.CreateModel(
            name='Card',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('commit', models_registry.models.fields.HashField(20)),
                ('front_matter', models.JSONField(default=dict)),
                ('text', models.TextField(blank=True, help_text='The Markdown below the front matter.')),
                ('warnings', models.JSONField(default=list)),
                ('repository', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='card', to='models_registry.repository')),
            ],
        ),
        migrations.CreateModel(
            name='Commit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('oid', models_registry.models.fields.HashField(20)),
                ('tree', models_registry.models.fields.HashField(20)),
                ('first_parent', models_registry.models.fields.HashField(20, null=True)),
                ('parents', models.JSONField(default=list)),
                ('author_name', models.CharField(max_length=200)),
                ('title', models.CharField(max_length=500)),
                ('body', models.TextField(blank=True)),
                ('committed_at', models.DateTimeField()),
                ('listed_at', models.DateTimeField(help_text="The latest of its own time and its ancestors': a child never stands below.")),
                ('author', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('repository', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='commits', to='models_registry.repository')),
            ],
            options={
                'indexes': [models.Index(fields=['repository', '-listed_at', '-id'], name='commit_in_order')],
                'constraints': [models.UniqueConstraint(fields=('repository', 'oid'), name='commit_once_per_repository')],
            },
        ),
        migrations.CreateModel(
            name='DatasetTable',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('commit', models_registry.models.fields.HashField(20)),
                ('position', models.PositiveSmallIntegerField()),
                ('config', models.CharField(max_length=100)),
                ('split', models.CharField(max_length=100)),
                ('format', models.CharField(max_length=16)),
                ('files', models.JSONField(default=list)),
                ('file_count', models.PositiveIntegerField()),
                ('size', models.BigIntegerField(help_text='Bytes of all its files.')),
                ('num_rows', models.BigIntegerField(null=True)),
                ('seen_rows', models.PositiveIntegerField(default=0)),
                ('columns', models.JSONField(default=list)),
                ('rows', models.JSONField(default=list)),
                ('cut', models.JSONField(default=list)),
                ('problems', models.JSONField(default=list)),
                ('repository', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tables', to='models_registry.repository')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('repository', 'config', 'split'), name='table_once_per_split')],
            },
        ),
        migrations.CreateModel(
            name='DownloadCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('count', models.PositiveBigIntegerField(default=0)),
                ('repository', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='download_counts', to='models_registry.repository')),
            ],
            options={
                'indexes': [models.Index(fields=['day', 'repository'], name='download_count_by_day')],
                'constraints': [models.UniqueConstraint(fields=('repository', 'day'), name='download_count_once_per_day')],
            },
        ),
        migrations.CreateModel(
            name='FolderHistory',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('commit', models_registry.models.fields.HashField(20)),
                ('path', models.CharField(blank=True, max_length=4096)),
                ('data', models.BinaryField()),
                ('repository', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='models_registry.repository')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('repository', 'commit', 'path'), name='folder_history_once_per_commit')],
            },
        ),
        migrations.CreateModel(
            name='GarbageMark',
            fields=[
                ('repository', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='garbage_mark', serialize=False, to='models_registry.repository')),
                ('state', models_registry.models.fields.HashField(32)),
                ('unreachable', models.PositiveBigIntegerField()),
                ('marked_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='GateForm',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('commit', models_registry.models.fields.HashField(20)),
                ('heading', models.CharField(blank=True, max_length=200)),
                ('description', models.CharField(blank=True, max_length=1000)),
                ('button', models.CharField(blank=True, max_length=100)),
                ('prompt', models.TextField(blank=True, help_text='Markdown.')),
                ('fields', models.JSONField(default=list)),
                ('terms', models.TextField(blank=True)),
                ('terms_file', models.CharField(blank=True, help_text='The file in which they stand, if it is one.', max_length=200)),
                ('terms_sha256', models.CharField(blank=True, max_length=64)),
                ('problems', models.JSONField(default=list)),
                ('repository', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='gate_form', to='models_registry.repository')),
            ],
        ),
        migrations.CreateModel(
            name='GitObject',
            fields=[
                ('pk', models.CompositePrimaryKey('repository_id', 'oid', blank=True, editable=False, primary_key=True, serialize=False)),
                ('oid', models_registry.models.fields.HashField(20)),
                ('kind', models.PositiveSmallIntegerField(choices=[(1, 'Commit'), (2, 'Tree'), (3, 'Blob'), (4, 'Tag')])),
                ('size', models.PositiveBigIntegerField(help_text="Inflated bytes, without git's header.")),
                ('data', models.BinaryField(null=True)),
                ('lfs_sha256', models_registry.models.fields.HashField(32, null=True)),
                ('lfs_size', models.PositiveBigIntegerField(null=True)),
                ('batch', models.BigIntegerField()),
                ('unreachable_since', models.DateTimeField(null=True)),
                ('content', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='git_objects', to='models_registry.blobcontent')),
                ('repository', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='git_objects', to='models_registry.repository')),
            ],
            options={
                'indexes': [models.Index(fields=['repository', 'batch'], name='git_object_by_batch'), models.Index(condition=models.Q(('lfs_sha256__isnull', False)), fields=['lfs_sha256'], name='git_object_by_lfs'), models.Index(condition=models.Q(('unreachable_since__isnull', False)), fields=['repository', 'unreachable_since'], name='git_object_unreachable')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('content__isnull', True), ('data__isnull', False)), models.Q(('content__isnull', False), ('data__isnull', True)), _connector='OR'), name='git_object_has_its_bytes_in_one_place')],
            },
        ),
        migrations.CreateModel(
            name='LfsLock',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('path', models.CharField(max_length=1024)),
                ('locked_at', models.DateTimeField(auto_now_add=True)),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('repository', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lfs_locks', to='models_registry.repository')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('repository', 'path'), name='lfs_lock_once_per_path')],
            },
        ),
        migrations.CreateModel(
            name='LfsObject',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sha256', models_registry.models.fields.HashField(32, unique=True)),
                ('size', models.PositiveBigIntegerField()),
                ('plain_key', models.CharField(max_length=200, null=True, unique=True)),
                ('copy_used_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('xet_file', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='lfs_object', to='models_registry.xetfile')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('copy_used_at__isnull', False)), fields=['copy_used_at'], name='plain_copy_by_use')],
                'constraints': [models.CheckConstraint(condition=models.Q(('plain_key__isnull', False), ('xet_file__isnull', False), _connector='OR'), name='lfs_object_lies_somewhere'), models.CheckConstraint(condition=models.Q(('copy_used_at__isnull', True), models.Q(('plain_key__isnull', False), ('xet_file__isnull', False)), _connector='OR'), name='plain_copy_is_one_of_two')],
            },
        ),
        migrations.CreateModel(
            name='LineageEdge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('base_name', models.CharField(help_text='As it is written.', max_length=200)),
                ('base_key', models.CharField(db_index=True, max_length=200)),
                ('relation', models.CharField(choices=[('finetune', 'Finetune'), ('adapter', 'Adapter'), ('quantized', 'Quantized'), ('merge', 'Merge')], max_length=16)),
                ('base', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='children', to='models_registry.repository')),
                ('repository', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lineage', to='models_registry.repository')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('repository', 'base_key'), name='lineage_edge_once_per_base')],
            },
        ),
        migrations.CreateModel(
            name='PullRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('base', models.CharField(max_length=255)),
                ('is_open', models.BooleanField(default=True, help_text='Neither merged nor closed: it takes commits.')),
                ('merge_commit', models_registry.models.fields.HashField(20, help_text='What it became on its base.', null=True)),
                ('base_before', models_registry.models.fields.HashField(20, help_text='Where its base was before the merge.', null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('author', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('repository', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='pull_requests', to='models_registry.repository')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('repository', 'number'), name='pull_request_once_per_number'), models.CheckConstraint(condition=models.Q(('merge_commit__isnull', True), ('is_open', False), _connector='OR'), name='pull_request_is_not_open_when_merged')],
            },
        ),
        migrations.CreateModel(
            name='Quarantine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('content', models.CharField(max_length=64, unique=True)),
                ('twin', models.CharField(blank=True, db_index=True, max_length=64)),
                ('reason', models.CharField(max_length=500)),
                ('path', models.CharField(blank=True, help_text='Where it was found first.', max_length=1024)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('confirmed_at', models.DateTimeField(help_text='A maintainer has looked at it, and agrees.', null=True)),
                ('released_at', models.DateTimeField(null=True)),
                ('repository', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='models_registry.repository')),
            ],
            options={
                'verbose_name': 'quarantined content',
                'verbose_name_plural': 'quarantined contents',
                'permissions': [('release_quarantine', 'Can confirm and release quarantined content')],
            },
        ),
        migrations.CreateModel(
            name='FacetIndex',
            fields=[
                ('kind', models.CharField(choices=[('model', 'Model'), ('dataset', 'Dataset')], max_length=16, primary_key=True, serialize=False)),
                ('made_at', models.DateTimeField()),
                ('seconds', models.FloatField(help_text='How long it took to make.')),
                ('content', models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name='Reference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=255)),
                ('target', models_registry.models.fields.HashField(20)),
                ('repository', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='references', to='models_registry.repository')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('repository', 'name'), name='reference_once_per_name')],
            },
        ),
        migrations.CreateModel(
            name='RepositoryFacts',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('config', models.JSONField(default=dict)),
                ('transformers', models.JSONField(default=dict)),
                ('safetensors', models.JSONField(default=dict)),
                ('gguf', models.JSONField(default=dict)),
                ('main_size', models.BigIntegerField(null=True)),
                ('problems', models.JSONField(default=list)),
                ('licence_findings', models.JSONField(default=list)),
                ('scan_findings', models.JSONField(default=list)),
                ('flagged', models.PositiveIntegerField(default=0)),
                ('repository', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='facts', to='models_registry.repository')),
            ],
        ),
        migrations.CreateModel(
            name='RepositoryRedirect',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('model', 'Model'), ('dataset', 'Dataset')], max_length=16)),
                ('key', models.CharField(max_length=96)),
                ('namespace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.namespace')),
                ('repository', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='redirects', to='models_registry.repository')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('namespace', 'kind', 'key'), name='redirect_once_per_old_address')],
            },
        ),
        migrations.CreateModel(
            name='RepositoryTag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tag', models.CharField(max_length=200)),
                ('repository', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='tags', to='models_registry.repository')),
            ],
            options={
                'indexes': [models.Index(fields=['tag', 'repository'], name='repository_by_tag')],
                'constraints': [models.UniqueConstraint(fields=('repository', 'tag'), name='tag_once_per_repository')],
            },
        ),
        migrations.CreateModel(
            name='SecretFinding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('path', models.CharField(max_length=1024)),
                ('line', models.PositiveIntegerField()),
                ('kind', models.CharField(max_length=40)),
                ('fingerprint', models.CharField(max_length=32)),
                ('commit', models.CharField(max_length=40)),
                ('is_revoked', models.BooleanField(default=False, help_text='It was an access token of this hub, and is none any more.')),
                ('found_at', models.DateTimeField(auto_now_add=True)),
                ('dismissed_at', models.DateTimeField(null=True)),
                ('dismissed_reason', models.CharField(blank=True, max_length=300)),
                ('dismissed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('repository', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='secret_findings', to='models_registry.repository')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('dismissed_at__isnull', True)), fields=['repository'], name='secret_finding_open')],
                'constraints': [models.UniqueConstraint(fields=('repository', 'path', 'fingerprint'), name='secret_finding_once_per_path')],
            },
        ),
        migrations.CreateModel(
            name='SecretScan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('content', models.CharField(max_length=40)),
                ('version', models.PositiveSmallIntegerField()),
                ('repository', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='models_registry.repository')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('repository', 'content'), name='secret_scan_once')],
            },
        ),
        migrations.CreateModel(
            name='TensorSummary',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('path', models.CharField(max_length=1024)),
                ('content', models.CharField(help_text='Of which content: an SHA-256, or the git id of a regular file.', max_length=64)),
                ('format', models.CharField(max_length=16)),
                ('parameters', models.JSONField(default=dict)),
                ('tensors', models.JSONField(default=list)),
                ('facts', models.JSONField(default=dict)),
                ('metadata', models.JSONField(default=list)),
                ('is_counted', models.BooleanField(default=False, help_text="Whether the repository's parameters are these: not a second copy in another form.")),
                ('problem', models.CharField(blank=True, help_text='Why the header could not be read.', max_length=500)),
                ('repository', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tensor_summaries', to='models_registry.repository')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('repository', 'path'), name='tensor_summary_once_per_file')],
            },
        ),
        migrations.CreateModel(
            name='TrainingLog',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('content', models.CharField(max_length=64)),
                ('form', models.CharField(max_length=16)),
                ('problems', models.JSONField(default=list)),
                ('read_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'indexes': [models.Index(fields=['read_at'], name='training_log_by_age')],
                'constraints': [models.UniqueConstraint(fields=('content', 'form'), name='training_log_once_per_content')],
            },
        ),
        migrations.CreateModel(
            name='TrainingFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('commit', models_registry.models.fields.HashField(20)),
                ('path', models.CharField(max_length=1024)),
                ('content', models.CharField(max_length=64)),
                ('problem', models.CharField(blank=True, help_text='Why it was not read.', max_length=500)),
                ('repository', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='training_files', to='models_registry.repository')),
                ('log', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='files', to='models_registry.traininglog')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('repository', 'path'), name='training_file_once_per_path')],
            },
        ),
        migrations.CreateModel(
            name='TrainingScalar',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tag', models.CharField(max_length=200)),
                ('count', models.PositiveBigIntegerField()),
                ('not_finite', models.PositiveBigIntegerField(default=0)),
                ('first_not_finite', models.BigIntegerField(null=True)),
                ('points', models.JSONField(default=list)),
                ('log', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='scalars', to='models_registry.traininglog')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('log', 'tag'), name='training_scalar_once_per_tag')],
            },
        ),
        migrations.CreateModel(
            name='UploadSession',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('sha256', models_registry.models.fields.HashField(32)),
                ('size', models.PositiveBigIntegerField()),
                ('key', models.CharField(max_length=200, unique=True)),
                ('multipart_id', models.CharField(blank=True, max_length=1100)),
                ('failure', models.CharField(blank=True, help_text='Why what arrived was refused.', max_length=500)),
                ('expires_at', models.DateTimeField(db_index=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('repository', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='upload_sessions', to='models_registry.repository')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='VirusScan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('content', models.CharField(max_length=64, unique=True)),
                ('verdict', models.CharField(choices=[('clean', 'Clean'), ('infected', 'Infected'), ('too large', 'Too Large')], max_length=16)),
                ('signature', models.CharField(blank=True, help_text='What was recognised.', max_length=200)),
                ('version', models.CharField(db_index=True, max_length=100)),
                ('scanned_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('repository', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='models_registry.repository')),
            ],
        ),
        migrations.CreateModel(
            name='XetChunkKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('chunk', models_registry.models.fields.HashField(32)),
                ('xorb', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='chunk_keys', to='models_registry.xorb')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('chunk', 'xorb'), name='chunk_key_once_per_xorb')],
            },
        ),
        migrations.CreateModel(
            name='XetGrant',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('xorb_hash', models_registry.models.fields.HashField(32)),
                ('key', models.CharField(max_length=200, unique=True)),
                ('multipart_id', models.CharField(max_length=1100)),
                ('size', models.PositiveIntegerField()),
                ('expires_at', models.DateTimeField(db_index=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('repository', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='models_registry.repository')),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='XetTerm',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('index', models.PositiveIntegerField()),
                ('offset', models.PositiveBigIntegerField()),
                ('length', models.PositiveIntegerField()),
                ('chunk_start', models.PositiveIntegerField()),
                ('chunk_end', models.PositiveIntegerField()),
                ('file', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='terms', to='models_registry.xetfile')),
                ('xorb', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='terms', to='models_registry.xorb')),
            ],
            options={
                'indexes': [models.Index(fields=['file', 'offset'], name='term_by_offset')],
                'constraints': [models.UniqueConstraint(fields=('file', 'index'), name='term_once_per_position')],
            },
        ),
        migrations.CreateModel(
            name='XorbHolder',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('namespace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.namespace')),
                ('xorb', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='holders', to='models_registry.xorb')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('xorb', 'namespace'), name='xorb_holder_once')],
            },
        ),
        migrations.CreateModel(
            name='RepositoryLfsObject',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('path', models.CharField(blank=True, max_length=4096)),
                ('reference', models.CharField(blank=True, max_length=255)),
                ('told_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('lfs_object', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='possessions', to='models_registry.lfsobject')),
                ('repository', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='possessions', to='models_registry.repository')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('repository', 'lfs_object'), name='possession_once_per_repository')],
            },
        ),
        migrations.CreateModel(
            name='ServedBytes',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('hour', models.DateTimeField(db_index=True)),
                ('size', models.PositiveBigIntegerField(default=0)),
                ('lfs_object', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='served', to='models_registry.lfsobject')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('lfs_object', 'hour'), name='served_bytes_once_per_hour')],
            },
        ),
    ]
