from django.contrib import admin

from school.models import Student, Teacher


@admin.register(Student)
class StudentAdmin(admin.ModelAdmin):
    list_display = ["user", "year"]


@admin.register(Teacher)
class TeacherAdmin(admin.ModelAdmin):
    list_display = ["name", "subject"]

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("user")

    @admin.display
    def name(self, teacher):
        return teacher.user.username
